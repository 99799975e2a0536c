"""Addresses of scoring in the REST API, version 1."""

from django.urls import path

from scoring.api import scores, simulations

app_name = "scoring_api"

urlpatterns = [
    path("leads/<int:lead_id>/score/", scores.LeadScore.as_view(), name="score"),
    path("simulations/", simulations.SimulationList.as_view(), name="simulations"),
    path("simulations/<int:pk>/", simulations.SimulationView.as_view(), name="simulation"),
    path("simulations/<int:pk>/leads/", simulations.SimulatedLeads.as_view(), name="behind"),
]
