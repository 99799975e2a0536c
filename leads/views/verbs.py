"""What verbs ask for, the reasons to choose from, and the versions of the pipeline."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from leadflow.core.tables import Keyset
from leads import policies, queries
from leads import services as leads
from leads.engine.pipeline import Pipeline
from leads.forms import ReasonForm, VerbRuleForm
from leads.models import PipelineVersion, Reason, VerbRule
from leads.views.access import PageRequest, may
from leads.views.designs import draw
from leads.views.pipeline import answer, asks


@require_safe
@may("design_pipeline")
def verb_list(request: PageRequest) -> HttpResponse:
    """Every verb: who may, what it asks for, and its reasons."""
    context = {
        "verbs": queries.list_verbs(),
        "who": policies.roles_by_verb(),
        "may_edit_reasons": policies.permits("edit_reasons", by=request.user),
        "unasked": leads.UNASKED,
    }
    return render(request, "leads/pipeline/verbs.html", context)


@asks
@may("design_pipeline")
def edit_verb(request: PageRequest, verb: str) -> HttpResponse:
    """Say whether a verb asks for a reason and a note."""
    rule = get_object_or_404(VerbRule, verb=verb)
    sent = request.POST if request.method == "POST" else None
    form = VerbRuleForm(sent, initial=VerbRuleForm.values_of(rule))
    words = {"title": f"What “{verb}” asks for", "submit": "Save", "back": _back()}

    def save() -> None:
        leads.change_verb(verb=verb, by=request.user, at=timezone.now(), **form.cleaned_data)

    return answer(request, form, words, save, "Saved as a new version.")


@asks
@may("edit_reasons")
def add_reason(request: PageRequest, verb: str) -> HttpResponse:
    """A new reason to choose from."""
    get_object_or_404(VerbRule, verb=verb)
    form = ReasonForm(request.POST or None)
    words = {"title": f"Add a reason to {verb}", "submit": "Add the reason", "back": _back()}

    def save() -> None:
        leads.save_reason(verb=verb, by=request.user, at=timezone.now(), **form.cleaned_data)

    return answer(request, form, words, save, "The reason can be chosen from now on.")


@asks
@may("edit_reasons")
def edit_reason(request: PageRequest, verb: str, code: str) -> HttpResponse:
    """Other words for a reason, another rest, or out of use."""
    reason = get_object_or_404(Reason, verb=verb, code=code)
    form = ReasonForm(request.POST or None, initial=ReasonForm.values_of(reason))
    words = {"title": f"Reason to {verb}", "submit": "Save", "back": _back()}

    def save() -> None:
        leads.save_reason(
            verb=verb, code=code, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    return answer(request, form, words, save, "Saved.")


def _back() -> str:
    return reverse("leads:verbs")


@require_safe
@may("design_pipeline")
def version_list(request: PageRequest) -> HttpResponse:
    """Who changed what, newest first."""
    versions = PipelineVersion.objects.select_related("author")
    page = Keyset(versions, ("-number",), request.GET, size=50).page()
    return render(request, "leads/pipeline/versions.html", {"page": page})


@require_safe
@may("design_pipeline")
def version_detail(request: PageRequest, number: int) -> HttpResponse:
    """The pipeline as it was in one version."""
    versions = PipelineVersion.objects.select_related("author")
    version = get_object_or_404(versions, number=min(number, 2**31 - 1))
    then = Pipeline.from_content(version.number, version.content) if version.content else None
    context = {"version": version, "then": then, "chart": draw(then) if then else None}
    return render(request, "leads/pipeline/version.html", context)
