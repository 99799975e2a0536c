"""Addresses that belong to no app; plain names."""

from django.urls import path
from django.views.generic import RedirectView

from leadflow.core import views

urlpatterns = [
    # Addresses of people are the admins' to change.
    path("accounts/email/", RedirectView.as_view(pattern_name="home"), name="account_email_closed"),
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette_entries, name="palette"),
    path("ui/", views.ui, name="ui"),
]
