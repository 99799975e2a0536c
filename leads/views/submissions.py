"""What people sent through a form: understood, waiting, or failed and to be tried again."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leadflow.core.tables import Keyset
from leads import queries
from leads import services as leads
from leads.models import Form, FormSubmission
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.forms import find_form

MOST_AT_ONCE = 1_000
STATES = FormSubmission.State
EXTRA = "_extra"


@require_safe
@may("manage_forms")
def submission_list(request: PageRequest, form_id: int) -> HttpResponse:
    """A form's submissions, newest first."""
    form, state = find_form(form_id), request.GET.get("state", "")
    rows = queries.list_submissions(form=form, state=state)
    page = Keyset(rows, ("-pk",), request.GET, size=40).page()
    labels = {question.name: question.label for question in form.questions}
    for row in page.rows:
        row.told = _told(row.values, labels)
    context = {
        "form_row": form,
        "page": page,
        "state": state,
        "states": [("", "All"), *STATES.choices],
        "failed": form.submissions.filter(state=STATES.FAILED)[:1].exists(),
    }
    return render(request, "leads/forms/submissions.html", context)


def _told(values: Any, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Answers by the question they answer, in the order of the form; then what it does not ask."""
    if not isinstance(values, Mapping):
        return [("What was sent", str(values)[:500])]
    names = [name for name in labels if name in values]
    names += [name for name in values if name not in labels and name != EXTRA]
    said = [(labels.get(name, name.replace("_", " ").capitalize()), values[name]) for name in names]
    extra = values.get(EXTRA)
    if isinstance(extra, Mapping):
        said += [(f"{name} (not asked)", value) for name, value in extra.items()]
    told = [(label, value) for label, value in said if value is not False]  # a box left alone
    return [(label, _words(value)) for label, value in told if value not in ("", None, [])]


def _words(value: Any) -> str:
    if value is True:
        return "Yes"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@require_POST
@may("manage_forms")
def reprocess(request: PageRequest, form_id: int) -> HttpResponse:
    """Try a form's failed submissions again."""
    form = find_form(form_id)
    failed = form.submissions.filter(state=STATES.FAILED).order_by("id")
    return _again(request, form, list(failed.values_list("pk", flat=True)[:MOST_AT_ONCE]))


@require_POST
@may("manage_forms")
def reprocess_one(request: PageRequest, form_id: int, submission_id: int) -> HttpResponse:
    """Try one failed submission again."""
    form = find_form(form_id)
    if submission_id > LARGEST_ID:
        raise Http404
    return _again(request, form, [get_object_or_404(form.submissions, pk=submission_id).pk])


def _again(request: PageRequest, form: Form, ids: list[int]) -> HttpResponse:
    done = leads.reprocess_submissions(submission_ids=ids, at=timezone.now())
    if done < len(ids):
        messages.warning(request, f"{done} of {len(ids)} could be understood now.")
    else:
        messages.success(request, f"All {done} could be understood now.")
    return redirect("leads:submissions", form.pk)
