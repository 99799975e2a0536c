"""The agreement between marketing and sales: its versions, what they did, proposing and signing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.errors import DomainError, Invalid
from leadflow.core.models import User
from leads.models import Handoff
from scoring import policies, queries
from scoring import services as scoring
from scoring.forms import Proposal
from scoring.models import LeadDefinition
from scoring.queries import Agreement, Fared
from scoring.views.access import PageRequest, may

State = LeadDefinition.State
asks = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True)
class Signature:
    """One side of a definition: who signed, when, and whether the reader may."""

    side: str
    by: User | None
    at: object
    may_sign: bool


@dataclass(frozen=True)
class Row:
    """A version with how its leads fared."""

    definition: LeadDefinition
    fared: Fared
    address: str  # of its leads; further filters are appended


@require_safe
@may("see")
def definitions(request: PageRequest) -> HttpResponse:
    """Every hand-off with what both sides agreed, what is proposed, and how each version did."""
    agreements = queries.agreements()
    ids = [one.pk for agreement in agreements for one in agreement.versions]
    fared = queries.how_leads_fared(ids, user=request.user)
    sections = [_section(agreement, fared) for agreement in agreements]
    context = {
        "sections": sections,
        "may_propose": policies.permits("propose_definition", by=request.user),
        "on_definitions": True,
    }
    return render(request, "scoring/definitions.html", context)


def _section(agreement: Agreement, fared: dict[int, Fared]) -> dict[str, Any]:
    rows = [_row(one, fared) for one in agreement.versions]
    current = agreement.current
    return {
        "agreement": agreement,
        "rows": rows,
        "current": next((row for row in rows if row.definition == current), None),
        "text": _text(current) if current else {},
        "fault": queries.find_fault(current) if current else "",
        "coming": [one for one in (agreement.draft, agreement.agreed) if one],
    }


def _row(definition: LeadDefinition, fared: dict[int, Fared]) -> Row:
    params = urlencode({"definition": definition.pk})
    address = f"{reverse('leads:list')}?{params}&outcome={definition.handoff.key}:"
    return Row(definition, fared.get(definition.pk, Fared()), address)


def _text(definition: LeadDefinition) -> dict[str, list[str]]:
    """A version in words: what it asks for, who asked for it themselves, whom it leaves out."""
    return {
        "clauses": queries.clauses(definition.condition),
        "raises": queries.alternatives(definition.hand_raise),
        "exclusions": queries.alternatives(definition.exclusions),
    }


@require_safe
@may("see")
def definition(request: PageRequest, pk: int) -> HttpResponse:
    """One version: its text, signatures, what it would do or did, and what was said about it."""
    one = get_object_or_404(queries.definition_versions(), pk=pk)
    current = queries.current_definition(one.handoff.key)
    is_waiting = one.state in {State.DRAFT, State.AGREED}
    fault = queries.find_fault(one) if is_waiting or one == current else ""
    context = {
        "one": one,
        **_text(one),
        "fault": fault,
        "signatures": [_signature(one, *sides, request.user) for sides in BOTH],
        "foreseen": _foresee(one) if is_waiting and not fault else None,
        "current": current,
        "differences": queries.definition_differences(current, one)
        if current and is_waiting
        else [],
        "row": _row(one, queries.how_leads_fared([pk], user=request.user)),
        "waiting": one.waiting.filter(is_first=True).count() if one == current else 0,
        "notes": one.notes.select_related("by"),
        "is_waiting": is_waiting,
        "may_propose": policies.permits("propose_definition", by=request.user),
        "on_definitions": True,
    }
    return render(request, "scoring/definition.html", context)


BOTH = (("marketing", "sales"), ("sales", "marketing"))


def _signature(one: LeadDefinition, side: str, other: str, user: User) -> Signature:
    at = getattr(one, f"{side}_signed_at")
    is_other = getattr(one, f"signed_by_{other}_id") == user.pk
    is_open = at is None and one.state == State.DRAFT
    may_sign = is_open and not is_other and policies.permits(f"sign_for_{side}", by=user)
    return Signature(side, getattr(one, f"signed_by_{side}"), at, may_sign)


def _foresee(one: LeadDefinition) -> queries.Foreseen:
    return queries.foresee(one, stages=scoring.stages_before(one), at=timezone.now())


@asks
@may("propose_definition")
def propose(request: PageRequest, handoff_key: str) -> HttpResponse:
    """Write the next version of a hand-off: it changes nothing until both sides have signed."""
    handoff = get_object_or_404(Handoff.objects.filter(is_active=True), key=handoff_key)
    current = queries.current_definition(handoff_key)
    waits = LeadDefinition.objects.filter(handoff=handoff, state=State.DRAFT).first()

    def save(terms: dict[str, Any], _: int) -> LeadDefinition:
        return scoring.propose_definition(
            handoff_key=handoff_key, by=request.user, at=timezone.now(), **terms
        )

    first = Proposal.of(current)
    first.form.initial.update(comment="", starts_on=None)
    words = {"title": "Propose a definition", "submit": "Propose", "waits": waits}
    return _write(request, handoff, first, save, words)


@asks
@may("propose_definition")
def change(request: PageRequest, pk: int) -> HttpResponse:
    """Change the text of a proposal; signatures are void then."""
    drafts = queries.definition_versions().filter(state=State.DRAFT)
    draft = get_object_or_404(drafts, pk=pk)

    def save(terms: dict[str, Any], revision: int) -> LeadDefinition:
        return scoring.revise_definition(
            definition_id=pk, revision=revision, by=request.user, at=timezone.now(), **terms
        )

    words = {"title": f"Change version {draft.version}", "submit": "Save", "draft": draft}
    return _write(request, draft.handoff, Proposal.of(draft), save, words)


def _write(
    request: PageRequest,
    handoff: Handoff,
    proposal: Proposal,
    save: Callable[[dict[str, Any], int], LeadDefinition],
    words: dict[str, Any],
) -> HttpResponse:
    """Show the form, do what a button of a builder asks for, or save; faults stand where they are."""
    if request.method != "POST":
        return _show(request, handoff, proposal, words)
    proposal = Proposal.read(request.POST)
    if proposal.edit(request.POST.get("do", "")[:100]):
        return _show(request, handoff, proposal, words)
    try:
        terms = proposal.terms()
        saved = save(terms, proposal.form.cleaned_data.get("revision") or 0)
    except DomainError as error:
        proposal.tell(error)
        return _show(request, handoff, proposal, words, status=422)
    messages.success(request, f"Version {saved.version} waits for both signatures.")
    return redirect("scoring:definition", saved.pk)


def _show(
    request: PageRequest,
    handoff: Handoff,
    proposal: Proposal,
    words: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "handoff": handoff,
        "proposal": proposal,
        "form": proposal.form,
        **proposal.builders,
        **words,
        "on_definitions": True,
    }
    return render(request, "scoring/propose.html", context, status=status)


@require_POST
@may("propose_definition")
def foresee(request: PageRequest, handoff_key: str) -> HttpResponse:
    """What the definition would do as it stands in the form now."""
    handoff = get_object_or_404(Handoff.objects.select_related("offered"), key=handoff_key)
    proposal = Proposal.read(request.POST)
    try:
        terms = proposal.terms()
        queries.check_terms(handoff, [terms[name] for name in proposal.builders])
        one = LeadDefinition(handoff=handoff, **terms)
        context: dict[str, Any] = {"foreseen": _foresee(one), "one": one}
    except DomainError as error:
        context = {"unfinished": str(error)}
    return render(request, "scoring/_foreseen.html", context)


@require_POST
def sign(request: PageRequest, pk: int, side: str) -> HttpResponse:
    """Sign a proposal for one side, as it was read."""
    revision = request.POST.get("revision", "")
    signed = scoring.sign_definition(
        definition_id=pk,
        side=side,
        by=request.user,
        at=timezone.now(),
        revision=int(revision) if revision.isdecimal() else None,
    )
    said = {
        State.SIGNED: "Both sides have signed: it is in effect.",
        State.AGREED: "Both sides have signed: it takes effect when its day comes.",
    }
    messages.success(request, said.get(State(signed.state), f"Signed for {side}."))
    return redirect("scoring:definition", pk)


@require_POST
def discard(request: PageRequest, pk: int) -> HttpResponse:
    """Withdraw a version that is not in effect."""
    scoring.discard_definition(definition_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "Withdrawn; what was agreed before stays in effect.")
    return redirect("scoring:definition", pk)


@require_POST
def comment(request: PageRequest, pk: int) -> HttpResponse:
    """Say something about a version."""
    get_object_or_404(LeadDefinition, pk=pk)
    try:
        scoring.comment_definition(
            definition_id=pk, text=request.POST.get("text", ""), by=request.user, at=timezone.now()
        )
    except Invalid as error:
        messages.error(request, str(error))
    return redirect(reverse("scoring:definition", args=[pk]) + "#notes")
