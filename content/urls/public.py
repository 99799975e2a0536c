"""Addresses that everybody may open."""

from django.urls import path

from content.views import public

app_name = "content_public"
urlpatterns = [
    path("c/<slug:key>/", public.page, name="page"),
    path("c/<slug:key>/download", public.download, name="download"),
]
