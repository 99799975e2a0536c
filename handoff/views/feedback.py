"""What sales says about leads, content and campaigns."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from handoff import queries, services
from handoff.forms import FeedbackForm
from handoff.views.answers import PageRequest
from handoff.views.workspace import lead_or_404
from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Invalid
from leadflow.core.tables import Keyset


@require_safe
def feedback(request: PageRequest) -> HttpResponse:
    """Rejections with their reasons, and remarks."""
    if request.GET.get("show") == "remarks":
        page = Keyset(queries.remarks(request.user), ("-at", "-id"), request.GET).page()
        return render(request, "handoff/feedback.html", {"page": page, "shows_remarks": True})
    reason = request.GET.get("reason", "")
    found = queries.rejections(request.user, reason=reason)
    page = Keyset(found, ("-decided_at", "-id"), request.GET).page()
    reasons, labels = queries.reason_counts(request.user), queries.reason_labels()
    context = {
        "page": page,
        "shows_rejections": True,
        "rows": [
            {"offer": offer, "reason": labels.get(offer.reason, offer.reason)} for offer in page
        ],
        "reason": reason,
        "reason_label": labels.get(reason, reason),
        "reasons": reasons,
        "total": sum(one.count for one in reasons),
    }
    return render(request, "handoff/feedback.html", context)


@require_POST
def give_feedback(request: PageRequest, lead_id: int) -> HttpResponse:
    """Keep a remark on a lead."""
    lead = lead_or_404(request, lead_id)
    back = reverse("leads:detail", args=[lead.pk])
    form = FeedbackForm(request.POST)
    words = {
        "title": f"What you learned about {lead.name}",
        "action": request.path,
        "back": back,
        "submit": "Send to marketing",
    }
    if not form.is_valid():
        return ask(request, form, words)
    try:
        services.give_feedback(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    except Invalid as error:
        return ask(request, form, words, error=error)
    return done(request, "Thank you: marketing reads this.", to=back)
