"""Forms of the website: where they are, what came in, what could not be understood."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leads import queries
from leads import services as leads
from leads.models import Form, FormSubmission
from leads.views.access import LARGEST_ID, PageRequest, may

MOST_AT_ONCE = 1_000


@require_safe
@may("manage_forms")
def form_list(request: PageRequest) -> HttpResponse:
    """Every form with its address and what came in."""
    failed = FormSubmission.objects.filter(state=FormSubmission.State.FAILED)
    context = {
        "forms": list(queries.list_forms()[:500]),
        "failed": list(failed.select_related("form").order_by("-id")[:20]),
        "address": request.build_absolute_uri("/f/"),
    }
    return render(request, "leads/forms.html", context)


@require_POST
@may("manage_forms")
def reprocess(request: PageRequest, form_id: int) -> HttpResponse:
    """Try a form's failed submissions again."""
    form = get_object_or_404(Form, pk=min(form_id, LARGEST_ID))
    failed = form.submissions.filter(state=FormSubmission.State.FAILED).order_by("id")
    ids = list(failed.values_list("pk", flat=True)[:MOST_AT_ONCE])
    done = leads.reprocess_submissions(submission_ids=ids, at=timezone.now())
    if done < len(ids):
        messages.warning(request, f"{done} of {len(ids)} could be understood now.")
    else:
        messages.success(request, f"All {done} could be understood now.")
    return redirect("leads:forms")
