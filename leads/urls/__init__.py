"""Pages for people who are signed in."""

from django.urls import path

from leads.views import bulk, bulk_results, campaigns, companies, forms, lists, records

app_name = "leads"
urlpatterns = [
    path("", lists.lead_list, name="list"),
    path("<int:lead_id>/", records.detail, name="detail"),
    path("<int:lead_id>/edit/", records.edit, name="edit"),
    path("<int:lead_id>/note/", records.note, name="note"),
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
