"""Addresses of the scoring pages."""

from django.urls import path

from scoring.views import definitions, rules

app_name = "scoring"

urlpatterns = [
    path("", rules.rules, name="rules"),
    path("change/", rules.change, name="change"),
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/<slug:handoff_key>/propose/", definitions.propose, name="propose"),
    path("definitions/<int:pk>/sign/<slug:side>/", definitions.sign, name="sign"),
    path("definitions/<int:pk>/discard/", definitions.discard, name="discard"),
]
