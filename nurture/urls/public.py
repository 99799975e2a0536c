"""Addresses in the mail we send."""

from django.urls import path

from nurture.views import public

app_name = "nurture_public"
urlpatterns = [
    path("unsubscribe/<str:token>/", public.unsubscribe, name="unsubscribe"),
]
