"""Pages for people who are signed in."""

from django.urls import path

from leads.views import campaigns, companies, forms, lists, records

app_name = "leads"
urlpatterns = [
    path("", lists.lead_list, name="list"),
    path("<int:lead_id>/", records.detail, name="detail"),
    path("<int:lead_id>/edit/", records.edit, name="edit"),
    path("<int:lead_id>/note/", records.note, name="note"),
    path("companies/", companies.company_list, name="companies"),
    path("companies/<int:company_id>/", companies.company_detail, name="company"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("forms/", forms.form_list, name="forms"),
    path("forms/<int:form_id>/reprocess/", forms.reprocess, name="reprocess"),
]
