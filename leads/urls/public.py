"""Addresses that anybody may open: forms, the tracking script and what it reports to."""

from django.urls import path

from leads.views import hosted, opt_ins, tracking

app_name = "public"
urlpatterns = [
    path("f/<slug:slug>/", hosted.form_page, name="form"),
    path("f/<slug:slug>/thanks/", hosted.thanks, name="thanks"),
    path("f/<slug:slug>/embed/", hosted.embed, name="embed"),
    path("f/<slug:slug>/embed/thanks/", hosted.embed_thanks, name="embed_thanks"),
    path("f/confirm/<uuid:token>/", opt_ins.confirm, name="confirm"),
    path("t.js", tracking.script, name="tracker"),
    path("t/", tracking.beacon, name="beacon"),
    path("t/pixel.gif", tracking.pixel, name="pixel"),
]
