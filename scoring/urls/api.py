"""The REST API of scoring, version 1; it stands before that of leads, whose verbs are any word."""

from django.urls import path

from scoring.api import prediction

app_name = "scoring_api"
urlpatterns = [
    path(
        "leads/<int:lead_id>/prediction/",
        prediction.LeadPredictionView.as_view(),
        name="lead_prediction",
    ),
    path("prediction/", prediction.PredictionCard.as_view(), name="prediction_card"),
]
