"""Addresses that belong to no app; plain names."""

from django.urls import path

from leadflow.core import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette_entries, name="palette"),
    path("ui/", views.ui, name="ui"),
]
