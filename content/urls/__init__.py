"""Addresses of the library."""

from django.urls import path

from content.views import library

app_name = "content"
urlpatterns = [
    path("", library.library, name="library"),
    path("new/", library.create, name="create"),
    path("<int:asset_id>/", library.asset, name="asset"),
    path("<int:asset_id>/preview.pdf", library.preview_pdf, name="preview"),
]
