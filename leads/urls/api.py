"""The REST API, version 1."""

from django.urls import path, register_converter
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from leads.api import activities, history, leads, offers
from leads.services import VERBS


class VerbConverter:
    """One of the verbs, in an address."""

    regex = "|".join(VERBS)

    def to_python(self, value: str) -> str:
        """The verb itself."""
        return value

    def to_url(self, value: str) -> str:
        """The verb itself."""
        return value


register_converter(VerbConverter, "verb")

app_name = "api"
urlpatterns = [
    path(
        "schema/", SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]), name="schema"
    ),
    path("leads/", leads.LeadList.as_view(), name="leads"),
    path("leads/<int:lead_id>/", leads.LeadDetail.as_view(), name="lead"),
    path("leads/<int:lead_id>/history/", history.LeadHistory.as_view(), name="history"),
    path("leads/<int:lead_id>/stages/", history.LeadStages.as_view(), name="stages"),
    path("leads/<int:lead_id>/take-back/", history.LeadTakeBack.as_view(), name="take_back"),
    path("leads/<int:lead_id>/activities/", activities.LeadActivities.as_view(), name="timeline"),
    path("leads/<int:lead_id>/<verb:verb>/", leads.LeadVerb.as_view(), name="verb"),
    path("leads/<int:lead_id>/<slug:verb>/", leads.UnknownVerb.as_view(), name="no_verb"),
    path("activities/", activities.ActivityBatch.as_view(), name="activities"),
    path("offers/", offers.OfferList.as_view(), name="offers"),
]
