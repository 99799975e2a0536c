"""What became of the leads of an act: while it runs, afterwards, and as a file."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leadflow.core.spreadsheets import csv_answer
from leadflow.core.tables import Keyset
from leads import queries
from leads import services as leads
from leads.engine.identity import clean
from leads.models import BulkAct, BulkItem, Campaign, Reason, Stage
from leads.views.access import LARGEST_ID, PageRequest
from leads.views.bulk import do_if_small, list_address, sent_before

COLUMNS = ("Lead", "Name", "E-mail", "Company", "Stage now", "Result", "Why")
HIDDEN = "No longer yours to see"
State, Outcome = BulkAct.State, BulkItem.Outcome


@require_safe
def act_list(request: PageRequest) -> HttpResponse:
    """What the reader has done to many leads, newest first."""
    acts = BulkAct.objects.visible_to(request.user)
    page = Keyset(acts, ("-id",), request.GET, size=25).page()
    return render(request, "leads/bulk_acts.html", {"page": page, "kinds": queries.KINDS})


def _act_or_404(request: PageRequest, act_id: int) -> BulkAct:
    """An act of the reader; nobody else's."""
    acts = BulkAct.objects.visible_to(request.user)
    return get_object_or_404(acts, pk=min(act_id, LARGEST_ID))


@dataclass(frozen=True)
class Tab:
    """A part of the leads: its key in the address, its words, how many, and whether it is shown."""

    key: str
    words: str
    count: int
    is_active: bool


@require_safe
@never_cache
def detail(request: PageRequest, act_id: int) -> HttpResponse:
    """How far it is, and what became of each lead; the page asks again while it runs."""
    act = _act_or_404(request, act_id)
    kind = queries.KINDS[act.verb]
    context = {
        "act": act,
        "kind": kind,
        "is_running": act.state == State.RUNNING,
        "left": act.total - act.handled,
        "stages": Stage.objects.in_bulk(),
        "refusals": queries.group_refusals(act),
        "facts": _facts(act),
        "back": list_address(act.said.get("filter", "")),
        "token": uuid.uuid4(),
        **_part(request, act, kind),
    }
    template = "leads/bulk.html" + ("#state" if request.htmx else "")
    return render(request, template, context)


def _part(request: PageRequest, act: BulkAct, kind: queries.Kind) -> dict[str, Any]:
    """The leads that the address asks for, a page of them."""
    shown = clean(request.GET.get("show", ""), most=20)
    because = clean(request.GET.get("because", ""), most=300)
    items = queries.list_items(act=act, user=request.user, outcome=shown, sentence=because)
    return {
        "tabs": list(_tabs(act, kind, shown)),
        "because": because,
        "page": Keyset(items, ("id",), request.GET).page(),
    }


def _tabs(act: BulkAct, kind: queries.Kind, shown: str) -> Iterator[Tab]:
    counts = {
        Outcome.DONE: (kind.participle.capitalize(), act.done),
        Outcome.REFUSED: ("Refused", act.refused),
        Outcome.WAITING: ("Untouched", act.total - act.handled),
    }
    yield Tab("", "All", act.total, shown not in counts)
    for key, (words, count) in counts.items():
        if count:
            yield Tab(key, words, count, shown == key)


def _facts(act: BulkAct) -> list[tuple[str, str]]:
    """What was said along with the act, as (label, words)."""
    said = act.said
    reason = Reason.objects.filter(verb=act.verb, code=said.get("reason", "")).first()
    facts = [("Reason", str(reason or "")), ("Note", said.get("note", ""))]
    facts.append(("Tag", said.get("tag", "")))
    if act.verb == "assign":
        owner = User.objects.filter(pk=said.get("owner")).first()
        facts.append(("New owner", str(owner or "Nobody")))
    if act.verb == "invite":
        event = Campaign.objects.filter(key=said.get("event")).first()
        facts.append(("Event", str(event or "")))
    if "amount" in said:
        facts.append(("Amount of each", f"{said['amount']} {said.get('currency', '')}"))
    return [(label, words) for label, words in facts if words]


@require_POST
def stop(request: PageRequest, act_id: int) -> HttpResponse:
    """Leave the rest of the leads as they are."""
    leads.stop_bulk(act=_act_or_404(request, act_id), at=timezone.now())
    return redirect("leads:bulk", act_id=act_id)


@require_POST
def again(request: PageRequest, act_id: int) -> HttpResponse:
    """Try the refused leads once more."""
    act = _act_or_404(request, act_id)
    if (sent := sent_before(request)) is None:
        try:
            token = uuid.UUID(request.POST.get("token", ""))
        except ValueError:
            raise Invalid("This form is incomplete. Load the page again.") from None
        sent = leads.repeat_refused(act=act, token=token, at=timezone.now())
        do_if_small(sent)
    return redirect("leads:bulk", act_id=sent.pk)


@require_safe
def download(request: PageRequest, act_id: int) -> StreamingHttpResponse:
    """What became of each lead, as CSV."""
    act = _act_or_404(request, act_id)
    return csv_answer(_rows(act, request.user), name=f"bulk-{act.pk}-{act.verb}.csv")


def _rows(act: BulkAct, user: User) -> Iterator[tuple[Any, ...]]:
    yield COLUMNS
    stages = {key: stage.name for key, stage in Stage.objects.in_bulk().items()}
    for item in queries.list_items(act=act, user=user).iterator(chunk_size=2_000):
        lead, result = item.lead, item.get_outcome_display()
        if item.is_visible:  # type: ignore[attr-defined]
            company = lead.company.name if lead.company else ""
            who = (lead.name, lead.email, company, stages.get(lead.stage, lead.stage))
        else:
            who = (HIDDEN, "", "", "")
        yield (lead.pk, *who, result, item.sentence)
