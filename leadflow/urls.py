"""All addresses, composed from the apps."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    # Everybody
    path("", include("leads.urls.public")),
    path("", include("content.urls.public")),
    path("m/", include("nurture.urls.public")),
    # People who are signed in
    path("", include("leadflow.core.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("leads/", include("leads.urls")),
    path("content/", include("content.urls")),
    path("scoring/", include("scoring.urls")),
    path("programs/", include("nurture.urls")),
    path("queue/", include("handoff.urls")),
    path("reports/", include("reports.urls")),
    path("admin/", admin.site.urls),
    # Programs
    path("api/v1/", include("scoring.urls.api")),
    path("api/v1/", include("leads.urls.api")),
]

handler500 = "leadflow.core.views.server_error"
