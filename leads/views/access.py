"""Who gets in: what somebody may not see does not exist for them."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leads import policies
from leads.models import Lead
from leads.queries import follow_merges


class PageRequest(HttpRequest):
    """A request of somebody who is signed in, through htmx or not."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]
_WORDS = {
    "assign": "give leads to others",
    "edit": "edit leads",
    "tag": "tag leads",
    "export_list": "hand out the list of leads as a file",
    "merge": "merge leads",
    "manage_forms": "manage forms",
    "manage_campaigns": "manage campaigns",
    "manage_sites": "manage sites",
    "manage_guests": "manage guests",
    "merge_companies": "merge companies",
    "manage_segments": "manage segments",
    "design_pipeline": "manage the pipeline",
    "edit_reasons": "manage the reasons",
    "import": "manage imports",
    "export_person": "hand out what is known of people",
    "erase": "erase people",
    "see_privacy": "manage privacy",
}
LARGEST_ID = 2**63 - 1


def may(verb: str) -> Callable[[View], View]:
    """Let only those in whose role includes `verb`; the others read why not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PageRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not policies.permits(verb, by=request.user):
                role, act = request.user.get_role_display().lower(), _WORDS[verb]
                raise NotAllowed(f"As {role} you may not {act}.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def get_lead(request: PageRequest, lead_id: int, *, even_erased: bool = False) -> Lead:
    """A lead the reader may see, or the one it was merged into; 404 otherwise.

    Raises Conflict where nothing is left to work with.
    """
    if lead_id > LARGEST_ID:
        raise Http404
    leads = Lead.objects.visible_to(request.user).select_related(
        "company", "owner", "campaign", "territory"
    )
    lead = leads.filter(pk=lead_id).first()
    lead = lead or get_object_or_404(leads, pk=follow_merges([lead_id]).get(lead_id))
    if lead.erased_at is not None and not even_erased:
        raise Conflict("This person was erased: nothing can be done with them any more.")
    return lead
