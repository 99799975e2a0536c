"""The whole score of one lead: every activity and fact with its points."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.models import Lead
from scoring import queries
from scoring.views.access import PageRequest

LARGEST_ID = 2**63 - 1
ON_A_PAGE = 100


@require_safe
def lead_score(request: PageRequest, lead_id: int) -> HttpResponse:
    """Every point of a lead the reader may see, a hundred activities to a page."""
    if lead_id > LARGEST_ID:
        raise Http404
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=lead_id)
    page = _page(request.GET.get("page", ""))
    after = (page - 1) * ON_A_PAGE
    explanation = queries.explain(lead, timezone.now(), most=ON_A_PAGE, after=after)
    context = {
        "lead": lead,
        "explanation": explanation,
        "page": page,
        "first": after + 1,
        "last": after + len(explanation.contributions),
        "has_more": after + ON_A_PAGE < explanation.contribution_count,
    }
    return render(request, "scoring/lead.html", context)


def _page(text: str) -> int:
    return max(int(text), 1) if text.isdecimal() and len(text) < 7 else 1
