"""Offers as reports narrow them, and the leads behind: by hand-off, outcome, team, rep, reason …"""

from collections.abc import Callable

from django.db.models import Q

from leadflow.core.models import Team, User
from leads.models import Handoff, Offer, Reason
from leads.models.history import OfferQuerySet
from leads.queries.params import Chosen, Params, between, day, is_nothing, number

DECIDED = "decided"  # accepted, rejected or expired


def narrow_offers(params: Params) -> OfferQuerySet:
    """Offers that fulfil every parameter about offers: one offer has to fulfil them all."""
    offers = Offer.objects.filter(between("offered_at", params))
    handoff, _, outcome = params.get("outcome", "").partition(":")
    if handoff:
        offers = offers.filter(handoff__key=handoff)
    if outcome == DECIDED:
        offers = offers.exclude(outcome__in=[Offer.Outcome.PENDING, Offer.Outcome.WITHDRAWN])
    elif outcome:
        offers = offers.filter(outcome=outcome)
    for name, narrow in OFFER_FILTERS.items():
        if value := params.get(name, ""):
            offers = offers.filter(narrow(value))
    return offers


def asks_for_offers(params: Params) -> bool:
    """Whether any parameter is about offers."""
    return any(params.get(name, "") for name in ("outcome", *OFFER_FILTERS))


def _by_team(value: str) -> Q:
    return Q(team=None) if is_nothing(value) else Q(team__key=value)


def _by_rep(value: str) -> Q:
    """Who answered, or else who has it."""
    if is_nothing(value):
        return Q(decided_by=None, assignee=None)
    rep = number(value, "offer_rep")
    return Q(decided_by=rep) | Q(decided_by=None, assignee=rep)


def _by_reason(value: str) -> Q:
    return Q(reason="" if is_nothing(value) else value)


def _by_definition(value: str) -> Q:
    if is_nothing(value):
        return ~Q(cause_kind="definition") | Q(cause_id=None)
    return Q(cause_kind="definition", cause_id=number(value, "definition"))


def _by_cycle(value: str) -> Q:
    return Q(cycle=number(value, "offer_cycle"))


OFFER_FILTERS: dict[str, Callable[[str], Q]] = {
    "offer_team": _by_team,
    "offer_rep": _by_rep,
    "offer_reason": _by_reason,
    "definition": _by_definition,
    "offer_cycle": _by_cycle,
}


def offer_words(params: Params) -> list[Chosen]:
    """What the parameters about offers ask for, in words."""
    words = {"outcome": _outcome_words} | WORDS
    return [
        Chosen(say(value), (name,)) for name, say in words.items() if (value := params.get(name))
    ]


def _outcome_words(value: str) -> str:
    key, _, outcome = value.partition(":")
    named = Handoff.objects.filter(key=key).values_list("name", flat=True).first()
    outcomes = dict(Offer.Outcome.choices) | {DECIDED: "closed", "": "offered"}
    return f"{named or key.replace('_', ' ')}: {outcomes.get(outcome, outcome).lower()}"


def _team_words(value: str) -> str:
    if is_nothing(value):
        return "offered to no team"
    name = Team.objects.filter(key=value).values_list("name", flat=True).first()
    return f"offered to {name or value}"


def _rep_words(value: str) -> str:
    if is_nothing(value):
        return "offered to nobody yet"
    rep = User.objects.filter(pk=number(value, "offer_rep")).first()
    return f"in the hands of {rep or 'somebody'}"


def _reason_words(value: str) -> str:
    if is_nothing(value):
        return "no reason given"
    reasons = Reason.objects.filter(verb="reject", code=value)
    return f"because: {reasons.values_list('label', flat=True).first() or value}"


def _definition_words(value: str) -> str:
    return "not by a definition" if is_nothing(value) else "by one version of the lead definition"


def _cycle_words(value: str) -> str:
    return f"offered in cycle {number(value, 'offer_cycle')}"


WORDS: dict[str, Callable[[str], str]] = {
    "offer_team": _team_words,
    "offer_rep": _rep_words,
    "offer_reason": _reason_words,
    "definition": _definition_words,
    "offer_cycle": _cycle_words,
}


def period_words(params: Params) -> list[Chosen]:
    """The days of a report: when leads came, or were offered."""
    first, last = day(params, "from"), day(params, "to")
    parts = (f"from {first}" if first else "", f"until {last}" if last else "")
    what = "offered" if asks_for_offers(params) else "came"
    words = " ".join(part for part in (what, *parts) if part)
    return [Chosen(words, ("from", "to"))] if first or last else []
