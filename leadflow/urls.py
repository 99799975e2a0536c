"""All addresses, composed from the apps."""

from django.urls import include, path

urlpatterns = [
    path("", include("leadflow.core.urls")),
    path("accounts/", include("allauth.account.urls")),
]
