"""What sales says about leads, content and campaigns."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.utils import timezone

from handoff import queries, services
from handoff.forms import FeedbackForm
from handoff.views.answers import done
from handoff.views.workspace import lead_or_404
from leadflow.core.tables import Keyset


@require_safe
def feedback(request: HttpRequest) -> HttpResponse:
    """Rejections with their reasons, and remarks."""
    reason = request.GET.get("reason", "")
    shows_remarks = request.GET.get("show") == "remarks"
    if shows_remarks:
        page = Keyset(queries.remarks(request.user), ("-at", "-id"), request.GET).page()
    else:
        rows = queries.rejections(request.user, reason=reason)
        page = Keyset(rows, ("-decided_at", "-id"), request.GET).page()
    context = {
        "page": page,
        "reason": reason,
        "shows_remarks": shows_remarks,
        "reasons": queries.reason_counts(request.user),
        "labels": queries.reason_labels(),
    }
    return render(request, "handoff/feedback.html", context)


@require_POST
def give_feedback(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Keep a remark on a lead."""
    lead = lead_or_404(request, lead_id)
    back = reverse("leads:detail", args=[lead.pk])
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That remark could not be read. Write it once more.")
        return redirect(back)
    services.give_feedback(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    return done(request, "Thank you: marketing reads this.", to=back)
