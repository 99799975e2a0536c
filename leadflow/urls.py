"""All addresses, composed from the apps."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

_parts = [
    ("", "leads.urls.public"),
    ("", "content.urls.public"),
    ("m/", "nurture.urls.public"),
    ("leads/", "leads.urls"),
    ("content/", "content.urls"),
    ("scoring/", "scoring.urls"),
    ("programs/", "nurture.urls"),
    ("queue/", "handoff.urls"),
    ("reports/", "reports.urls"),
    ("api/v1/", "leads.urls.api"),
]


def _exists(name: str) -> bool:
    try:
        spec = find_spec(name)
        return spec is not None and spec.origin is not None
    except ModuleNotFoundError:
        return False


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("leadflow.core.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    *(path(prefix, include(module)) for prefix, module in _parts if _exists(module)),
]
