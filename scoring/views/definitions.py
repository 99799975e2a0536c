"""The agreement between marketing and sales: in words, its threshold, its signatures."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.errors import Conflict
from leadflow.core.models import User
from scoring import policies, queries
from scoring import services as scoring
from scoring.engine.definitions import with_threshold
from scoring.forms import DefinitionForm
from scoring.models import LeadDefinition
from scoring.queries import Agreement
from scoring.views.access import PageRequest


@dataclass(frozen=True)
class Signature:
    """One side of a definition: who signed, when, and whether the reader may."""

    side: str
    by: User | None
    at: object
    may_sign: bool


@dataclass(frozen=True)
class Draft:
    """A definition that waits for signatures, and how many leads it would offer now."""

    definition: LeadDefinition
    clauses: list[str]
    signatures: list[Signature]
    ready: int


@require_safe
def definitions(request: PageRequest) -> HttpResponse:
    """Every hand-off with what both sides agreed, and what is proposed."""
    policies.check_may("see", by=request.user)
    agreements = queries.agreements()
    drafts = {one.handoff.pk: _draft(one, request.user) for one in agreements if one.draft}
    context = {
        "pairs": [(one, drafts.get(one.handoff.pk)) for one in agreements],
        "may_propose": policies.permits("propose_definition", by=request.user),
    }
    return render(request, "scoring/definitions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: PageRequest, handoff_key: str) -> HttpResponse:
    """Propose another threshold: a draft that both sides read and sign."""
    policies.check_may("propose_definition", by=request.user)
    current = queries.current_definition(handoff_key)
    if current is None:
        raise Conflict(
            "Nothing is agreed for this hand-off yet, so there is no threshold to change."
        )
    form = DefinitionForm(current, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        _propose(request, current, form)
        messages.success(request, "Your proposal waits for both signatures.")
        return redirect("scoring:definitions")
    context = {"form": form, "current": current, "clauses": queries.clauses(current.condition)}
    return render(request, "scoring/propose.html", context, status=422 if form.is_bound else 200)


@require_POST
def sign(request: PageRequest, pk: int, side: str) -> HttpResponse:
    """Sign a draft for one side."""
    signed = scoring.sign_definition(
        definition_id=pk, side=side, by=request.user, at=timezone.now()
    )
    is_in_effect = signed.state == LeadDefinition.State.SIGNED
    said = "Both sides have signed: it is in effect." if is_in_effect else f"Signed for {side}."
    messages.success(request, said)
    return redirect("scoring:definitions")


@require_POST
def discard(request: PageRequest, pk: int) -> HttpResponse:
    """Drop a draft."""
    scoring.discard_definition(definition_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The draft is gone; what was agreed before stays in effect.")
    return redirect("scoring:definitions")


def _propose(request: PageRequest, current: LeadDefinition, form: DefinitionForm) -> None:
    said = form.cleaned_data
    scoring.propose_definition(
        handoff_key=current.handoff.key,
        condition=with_threshold(current.condition, said["points"]),
        takes_effect=said["takes_effect"],
        comment=said["comment"],
        by=request.user,
        at=timezone.now(),
    )


def _draft(agreement: Agreement, user: User) -> Draft:
    draft = agreement.draft
    assert draft is not None
    ready = queries.ready_leads(draft, stages=scoring.stages_before(draft), at=timezone.now())
    return Draft(
        definition=draft,
        clauses=queries.clauses(draft.condition),
        signatures=[
            _signature(draft, "marketing", "sales", user),
            _signature(draft, "sales", "marketing", user),
        ],
        ready=ready.count(),
    )


def _signature(draft: LeadDefinition, side: str, other: str, user: User) -> Signature:
    at = getattr(draft, f"{side}_signed_at")
    is_other = getattr(draft, f"signed_by_{other}_id") == user.pk
    may_sign = at is None and not is_other and policies.permits(f"sign_for_{side}", by=user)
    return Signature(side, getattr(draft, f"signed_by_{side}"), at, may_sign)
