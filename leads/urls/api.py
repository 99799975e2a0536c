"""The REST API, version 1."""

from django.urls import path, register_converter
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from leads.api import activities, bulk, leads, offers
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
    path("leads/bulk/", bulk.BulkMove.as_view(), name="bulk_move"),
    path("leads/<int:lead_id>/", leads.LeadDetail.as_view(), name="lead"),
    path("leads/<int:lead_id>/history/", leads.LeadHistory.as_view(), name="history"),
    path("leads/<int:lead_id>/activities/", activities.LeadActivities.as_view(), name="timeline"),
    path("leads/<int:lead_id>/<verb:verb>/", leads.LeadVerb.as_view(), name="verb"),
    path("activities/", activities.ActivityBatch.as_view(), name="activities"),
    path("offers/", offers.OfferList.as_view(), name="offers"),
]
