"""The REST API, version 1."""

from django.urls import path, register_converter
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from leads.api import (
    activities,
    bulk,
    forms,
    history,
    leads,
    merging,
    offers,
    pipeline,
    privacy,
    segments,
    visitors,
)
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
    path("leads/<int:lead_id>/history/", history.LeadHistory.as_view(), name="history"),
    path("leads/<int:lead_id>/stages/", history.LeadStages.as_view(), name="lead_stages"),
    path("leads/<int:lead_id>/take-back/", history.LeadTakeBack.as_view(), name="take_back"),
    path("leads/<int:lead_id>/activities/", activities.LeadActivities.as_view(), name="timeline"),
    path("leads/<int:lead_id>/consents/", privacy.LeadConsents.as_view(), name="consents"),
    path("leads/<int:lead_id>/export/", privacy.LeadExport.as_view(), name="export_person"),
    path("leads/<int:lead_id>/erase/", privacy.LeadErasure.as_view(), name="erase"),
    path("leads/<int:lead_id>/merge/", merging.LeadMerge.as_view(), name="lead_merge"),
    path("leads/<int:lead_id>/<verb:verb>/", leads.LeadVerb.as_view(), name="verb"),
    path("leads/<int:lead_id>/<slug:verb>/", leads.UnknownVerb.as_view(), name="no_verb"),
    path("merges/<int:merge_id>/undo/", merging.MergeUndo.as_view(), name="merge_undo"),
    path("duplicates/", merging.DuplicateList.as_view(), name="duplicate_pairs"),
    path("activities/", activities.ActivityBatch.as_view(), name="activities"),
    path("visitors/identify/", visitors.IdentifyVisitor.as_view(), name="identify_visitor"),
    path("visitors/token/", visitors.VisitorToken.as_view(), name="visitor_token"),
    path("pipeline/", pipeline.PipelineView.as_view(), name="pipeline"),
    path("pipeline/order/", pipeline.PipelineOrder.as_view(), name="order"),
    path("pipeline/stages/", pipeline.StageList.as_view(), name="stages"),
    path("pipeline/stages/<slug:key>/", pipeline.StageView.as_view(), name="stage"),
    path("pipeline/stages/<slug:key>/retire/", pipeline.StageRetirement.as_view(), name="retire"),
    path("pipeline/handoffs/", pipeline.HandoffList.as_view(), name="handoffs"),
    path("pipeline/handoffs/<slug:key>/", pipeline.HandoffView.as_view(), name="handoff"),
    path("pipeline/verbs/<slug:verb>/", pipeline.VerbRuleView.as_view(), name="verb_rule"),
    path("pipeline/verbs/<slug:verb>/reasons/", pipeline.ReasonList.as_view(), name="reasons"),
    path(
        "pipeline/verbs/<slug:verb>/reasons/<slug:code>/",
        pipeline.ReasonView.as_view(),
        name="reason",
    ),
    path("pipeline/versions/", pipeline.VersionList.as_view(), name="versions"),
    path("pipeline/versions/<int:number>/", pipeline.VersionView.as_view(), name="version"),
    path("forms/", forms.FormList.as_view(), name="forms"),
    path("forms/<int:form_id>/submissions/", forms.SubmissionList.as_view(), name="submissions"),
    path("segments/", segments.SegmentList.as_view(), name="segments"),
    path("segments/<slug:key>/", segments.SegmentView.as_view(), name="segment"),
    path("segments/<slug:key>/members/", segments.SegmentMembers.as_view(), name="members"),
    path("offers/", offers.OfferList.as_view(), name="offers"),
]
