"""How late acts are answered: who was faster, in a word beside the list."""

import json

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from leadflow.core.errors import DomainError
from leadflow.core.models import User
from leadflow.core.views import toast


class PageRequest(HttpRequest):
    """What a view gets from somebody who is signed in."""

    user: User
    htmx: HtmxDetails


def too_late(request: PageRequest, error: DomainError) -> HttpResponse:
    """Somebody was faster: say who, and let the list on the page look again."""
    if not request.htmx:
        raise error
    response = HttpResponse(status=error.status)
    response["HX-Trigger"] = json.dumps({"queue-changed": True, "close-dialog": True})
    response["HX-Reswap"] = "none"
    return toast(response, str(error), "warn")
