"""Pages for people who are signed in."""

from django.urls import path

from leads.views import (
    bulk,
    bulk_results,
    campaigns,
    companies,
    forms,
    lists,
    pipeline,
    privacy,
    records,
    verbs,
)

app_name = "leads"
urlpatterns = [
    path("", lists.lead_list, name="list"),
    path("<int:lead_id>/", records.detail, name="detail"),
    path("<int:lead_id>/edit/", records.edit, name="edit"),
    path("<int:lead_id>/note/", records.note, name="note"),
    path("<int:lead_id>/consent/", privacy.consent, name="consent"),
    path("<int:lead_id>/export/", privacy.export, name="export"),
    path("<int:lead_id>/erase/", privacy.erase, name="erase"),
    path("privacy/", privacy.overview, name="privacy"),
    path("pipeline/", pipeline.pipeline, name="pipeline"),
    path("pipeline/stages/new/", pipeline.add_stage, name="add_stage"),
    path("pipeline/stages/<slug:key>/", pipeline.edit_stage, name="edit_stage"),
    path("pipeline/stages/<slug:key>/shift/", pipeline.shift_stage, name="shift_stage"),
    path("pipeline/stages/<slug:key>/retire/", pipeline.retire_stage, name="retire_stage"),
    path("pipeline/handoffs/new/", pipeline.add_handoff, name="add_handoff"),
    path("pipeline/handoffs/<slug:key>/", pipeline.edit_handoff, name="edit_handoff"),
    path("pipeline/handoffs/<slug:key>/switch/", pipeline.switch_handoff, name="switch_handoff"),
    path("pipeline/verbs/", verbs.verb_list, name="verbs"),
    path("pipeline/verbs/<slug:verb>/", verbs.edit_verb, name="edit_verb"),
    path("pipeline/verbs/<slug:verb>/reasons/new/", verbs.add_reason, name="add_reason"),
    path("pipeline/verbs/<slug:verb>/reasons/<slug:code>/", verbs.edit_reason, name="edit_reason"),
    path("pipeline/versions/", verbs.version_list, name="versions"),
    path("pipeline/versions/<int:number>/", verbs.version_detail, name="version"),
    path("bulk/", bulk_results.act_list, name="bulk_acts"),
    path("bulk/new/", bulk.new, name="bulk_new"),
    path("bulk/<int:act_id>/", bulk_results.detail, name="bulk"),
    path("bulk/<int:act_id>/stop/", bulk_results.stop, name="bulk_stop"),
    path("bulk/<int:act_id>/again/", bulk_results.again, name="bulk_again"),
    path("bulk/<int:act_id>/leads.csv", bulk_results.download, name="bulk_csv"),
    path("companies/", companies.company_list, name="companies"),
    path("companies/<int:company_id>/", companies.company_detail, name="company"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("forms/", forms.form_list, name="forms"),
    path("forms/<int:form_id>/reprocess/", forms.reprocess, name="reprocess"),
]
