"""Who gets in: what somebody may not see does not exist for them."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from leadflow.core.errors import NotAllowed
from leadflow.core.models import User
from leads import policies
from leads.models import Lead


class PageRequest(HttpRequest):
    """A request of somebody who is signed in, through htmx or not."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponse]
_WORDS = {
    "edit": "edit leads",
    "manage_forms": "manage forms",
    "manage_campaigns": "manage campaigns",
    "manage_sites": "manage sites",
    "design_pipeline": "manage the pipeline",
    "edit_reasons": "manage the reasons",
}
LARGEST_ID = 2**63 - 1


def may(verb: str) -> Callable[[View], View]:
    """Let only those in whose role includes `verb`; the others read why not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PageRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not policies.permits(verb, by=request.user):
                role, act = request.user.get_role_display().lower(), _WORDS[verb]
                raise NotAllowed(f"As {role} you may not {act}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def get_lead(request: PageRequest, lead_id: int) -> Lead:
    """A lead the reader may see; 404 otherwise."""
    if lead_id > LARGEST_ID:
        raise Http404
    leads = Lead.objects.visible_to(request.user).select_related(
        "company", "owner", "campaign", "territory"
    )
    return get_object_or_404(leads, pk=lead_id)
