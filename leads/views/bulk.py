"""Acts on many leads: asked in a dialog that says what would happen, then started."""

import uuid
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import BulkForm
from leads.models import BulkAct
from leads.models.people import LeadQuerySet
from leads.views.access import PageRequest

LONGEST = 10_000


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """Ask what an act needs and say what it would do, in a dialog or on a page; then start it."""
    said = request.POST if request.method == "POST" else request.GET
    if sent := sent_before(request):
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


def sent_before(request: PageRequest) -> BulkAct | None:
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
        params = queries.read_params(QueryDict(said.get("filter", "")[:LONGEST]))
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
    do_if_small(act)
    return act


def do_if_small(act: BulkAct) -> None:
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
    back = list_address(context["filter"])
    return render(request, template, {"form": form, "back": back, **context}, status=status)


def list_address(filters: str) -> str:
    """The list of leads as it was when they were chosen."""
    return reverse("leads:list") + (f"?{filters}" if filters else "")


def _go_to(request: PageRequest, act: BulkAct) -> HttpResponse:
    address = reverse("leads:bulk", args=[act.pk])
    return HttpResponse(headers={"HX-Redirect": address}) if request.htmx else redirect(address)
