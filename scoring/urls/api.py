"""Addresses of scoring in the REST API, version 1; they stand before those of leads, whose verbs are any word."""

from django.urls import path

from scoring.api import definitions, prediction, scores, simulations

app_name = "scoring_api"

urlpatterns = [
    path("leads/<int:lead_id>/score/", scores.LeadScore.as_view(), name="score"),
    path("definitions/", definitions.DefinitionList.as_view(), name="definitions"),
    path("definitions/<int:pk>/", definitions.DefinitionView.as_view(), name="definition"),
    path("definitions/<int:pk>/sign/", definitions.DefinitionSign.as_view(), name="sign"),
    path(
        "definitions/<int:pk>/withdraw/",
        definitions.DefinitionWithdrawal.as_view(),
        name="withdraw",
    ),
    path("definitions/<int:pk>/comments/", definitions.CommentList.as_view(), name="comments"),
    path("definitions/<int:pk>/preview/", definitions.DefinitionPreview.as_view(), name="preview"),
    path("definitions/<int:pk>/figures/", definitions.DefinitionFigures.as_view(), name="figures"),
    path("simulations/", simulations.SimulationList.as_view(), name="simulations"),
    path("simulations/<int:pk>/", simulations.SimulationView.as_view(), name="simulation"),
    path("simulations/<int:pk>/leads/", simulations.SimulatedLeads.as_view(), name="behind"),
    path(
        "leads/<int:lead_id>/prediction/",
        prediction.LeadPredictionView.as_view(),
        name="lead_prediction",
    ),
    path("prediction/", prediction.PredictionCard.as_view(), name="prediction_card"),
]
