"""Addresses that anybody may open: forms, the tracking script and what it reports to."""

from django.urls import path

from leads.views import hosted, tracking

app_name = "public"
urlpatterns = [
    path("f/<slug:slug>/", hosted.form_page, name="form"),
    path("f/<slug:slug>/thanks/", hosted.thanks, name="thanks"),
    path("t.js", tracking.script, name="tracker"),
    path("t/", tracking.beacon, name="beacon"),
    path("t/pixel.gif", tracking.pixel, name="pixel"),
]
