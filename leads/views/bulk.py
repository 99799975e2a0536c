"""Acts on many leads: asked in a dialog, shown while they run, and the result for each lead."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leadflow.core.spreadsheets import csv_answer
from leadflow.core.tables import Keyset
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import BulkForm
from leads.models import BulkAct, BulkItem, Reason, Stage
from leads.models.people import LeadQuerySet
from leads.views.access import LARGEST_ID, PageRequest

LONGEST = 10_000
COLUMNS = ("Lead", "Name", "E-mail", "Company", "Stage now", "Result", "Why")
HIDDEN = "No longer yours to see"
State, Outcome = BulkAct.State, BulkItem.Outcome


@require_safe
def act_list(request: PageRequest) -> HttpResponse:
    """What the reader has done to many leads, newest first."""
    acts = BulkAct.objects.visible_to(request.user)
    page = Keyset(acts, ("-id",), request.GET, size=25).page()
    return render(request, "leads/bulk_acts.html", {"page": page, "kinds": queries.KINDS})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """Ask what an act needs and say what it would do, in a dialog or on a page; then start it."""
    said = request.POST if request.method == "POST" else request.GET
    if sent := _sent_before(request):
        return _go_to(request, sent)
    kind = _kind(request.user, said)
    chosen = _chosen(request.user, said)
    pipeline = leads.load_pipeline()
    foreseen = queries.foresee(chosen=chosen, verb=kind.verb, by=request.user, pipeline=pipeline)
    leads.check_size(foreseen.total)
    form = BulkForm(
        request.POST or None,
        verb=kind.verb,
        pipeline=pipeline,
        asks_amount=foreseen.asks_amount,
    )
    if form.is_valid() and (act := _start(request, form, kind, chosen)):
        return _go_to(request, act)
    context = {"kind": kind, "foreseen": foreseen, "subtitle": _subtitle(kind, foreseen)}
    return _ask(request, form, context | _carried(said))


def _subtitle(kind: queries.Kind, foreseen: queries.Foreseen) -> str:
    """How many of the leads it would reach, in a sentence; nothing when that is all of them."""
    stay = foreseen.total - foreseen.fitting
    if not stay:
        return ""
    if not foreseen.fitting:
        return f"None of them can be {kind.participle}: nothing would change."
    rest = "1 stays as it is" if stay == 1 else f"{stay:,} stay as they are"
    return f"{foreseen.fitting:,} can be {kind.participle}, {rest}."


def _sent_before(request: PageRequest) -> BulkAct | None:
    """The act that this very form has started already."""
    try:
        token = uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return None
    return BulkAct.objects.visible_to(request.user).filter(token=token).first()


def _kind(user: User, said: QueryDict) -> queries.Kind:
    verb = clean(said.get("verb", ""), most=40)
    if verb not in queries.KINDS:
        raise Invalid(f"“{verb}” is nothing that can be done to leads. Choose an act.")
    policies.check_may(verb, by=user)
    return queries.KINDS[verb]


def _chosen(user: User, said: QueryDict) -> LeadQuerySet:
    """All that the filter of the list finds, or the leads that were ticked."""
    if said.get("all"):
        named = QueryDict(said.get("filter", "")[:LONGEST]).items()
        params = {name: clean(value, most=LONGEST) for name, value in named}
        return queries.choose_leads(user=user, params=params)
    return queries.choose_leads(user=user, ids=_ticked(said))


def _ticked(said: QueryDict) -> list[str]:
    """Ids of leads: one box each in the list, one field in the dialog."""
    return [part for part in ",".join(said.getlist("lead")).split(",") if part]


def _start(
    request: PageRequest, form: BulkForm, kind: queries.Kind, chosen: LeadQuerySet
) -> BulkAct | None:
    """Start the act, and do it at once when it is small; None when the form needs another look."""
    at = timezone.now()
    try:
        act = leads.start_bulk(
            verb=kind.verb,
            said=form.said() | {"filter": clean(request.POST.get("filter", ""), most=LONGEST)},
            chosen=chosen,
            token=form.cleaned_data["token"],
            by=request.user,
            at=at,
        )
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None
    _do_if_small(act)
    return act


def _do_if_small(act: BulkAct) -> None:
    """So many leads are done before the page is there; more are done behind it."""
    if act.total <= leads.AT_ONCE:
        leads.run_bulk(act_id=act.pk, at=timezone.now())


def _carried(said: QueryDict) -> dict[str, Any]:
    """The choice, as the dialog's form hands it on."""
    return {
        "lead_ids": "" if said.get("all") else ",".join(_ticked(said)),
        "takes_all": bool(said.get("all")),
        "filter": clean(said.get("filter", ""), most=LONGEST),
    }


def _ask(request: PageRequest, form: BulkForm, context: dict[str, Any]) -> HttpResponse:
    status = 200 if not form.is_bound else 422 if request.htmx else 400
    template = "leads/bulk_ask.html" + ("#form" if request.htmx else "")
    back = _list_address(context["filter"])
    return render(request, template, {"form": form, "back": back, **context}, status=status)


def _list_address(filters: str) -> str:
    return reverse("leads:list") + (f"?{filters}" if filters else "")


def _go_to(request: PageRequest, act: BulkAct) -> HttpResponse:
    address = reverse("leads:bulk", args=[act.pk])
    return HttpResponse(headers={"HX-Redirect": address}) if request.htmx else redirect(address)


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
        "back": _list_address(act.said.get("filter", "")),
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
    if act.verb == "assign":
        owner = User.objects.filter(pk=said.get("owner")).first()
        facts.append(("New owner", str(owner or "Nobody")))
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
    if (sent := _sent_before(request)) is None:
        try:
            token = uuid.UUID(request.POST.get("token", ""))
        except ValueError:
            raise Invalid("This form is incomplete. Load the page again.") from None
        sent = leads.repeat_refused(act=act, token=token, at=timezone.now())
        _do_if_small(sent)
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
