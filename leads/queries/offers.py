"""Offers as reports narrow them, and the leads behind: by hand-off, outcome, team, rep, reason …"""

from collections.abc import Callable

from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When

from leadflow.core.errors import Invalid
from leadflow.core.models import Team, User
from leads.models import Handoff, Offer, Reason, StageChange
from leads.models.history import OfferQuerySet, StageChangeQuerySet
from leads.queries.params import Chosen, Params, between, day, is_nothing, number

DECIDED = "decided"  # accepted, rejected or expired
WON, ENDED, OPEN = "won", "ended", "open"  # what has come of an offer that was accepted
ENDS = ("lose", "recycle", "disqualify")


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


def has_result(result: str) -> Q:
    """Offers that were accepted and since then, in the same cycle, won, ended without that, or neither.

    Raises Invalid for any other result.
    """
    won, over = Q(Exists(_later("win").order_by())), Q(Exists(_later(*ENDS).order_by()))
    results = {WON: won, ENDED: ~won & over, OPEN: ~won & ~over}
    if result not in results:
        known = ", ".join(results)
        raise Invalid(
            f"There is no result “{result[:40]}”. Choose one of: {known}.", field="result"
        )
    return Q(outcome=Offer.Outcome.ACCEPTED) & results[result]


def with_result(offers: OfferQuerySet) -> OfferQuerySet:
    """Offers with `result`: won, ended, open, or nothing while or because nobody accepted them; and `won_at`."""
    cases = [When(has_result(one), then=Value(one)) for one in (WON, ENDED, OPEN)]
    won_at = Subquery(_later("win").order_by("id").values("at")[:1])
    return offers.annotate(
        result=Case(*cases, default=Value(""), output_field=CharField()), won_at=won_at
    )


def _later(*verbs: str) -> StageChangeQuerySet:
    """What was done with the lead of an offer after it, in the same cycle."""
    later = StageChange.objects.in_effect().filter(lead=OuterRef("lead"), cycle=OuterRef("cycle"))
    return later.filter(pk__gt=OuterRef("opened_by"), verb__in=verbs)


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


def _by_hand_raise(value: str) -> Q:
    return Q(is_hand_raise=value != "no")


OFFER_FILTERS: dict[str, Callable[[str], Q]] = {
    "offer_team": _by_team,
    "offer_rep": _by_rep,
    "offer_reason": _by_reason,
    "definition": _by_definition,
    "offer_cycle": _by_cycle,
    "offer_result": has_result,
    "hand_raise": _by_hand_raise,
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


def _result_words(value: str) -> str:
    words = {WON: "won since", ENDED: "came back or lost since", OPEN: "still open"}
    return words.get(value, value)


def _hand_raise_words(value: str) -> str:
    return "by points" if value == "no" else "asked for it themselves"


def _cycle_words(value: str) -> str:
    return f"offered in cycle {number(value, 'offer_cycle')}"


WORDS: dict[str, Callable[[str], str]] = {
    "offer_team": _team_words,
    "offer_rep": _rep_words,
    "offer_reason": _reason_words,
    "definition": _definition_words,
    "offer_cycle": _cycle_words,
    "offer_result": _result_words,
    "hand_raise": _hand_raise_words,
}


def period_words(params: Params) -> list[Chosen]:
    """The days of a report: when leads came, or were offered."""
    first, last = day(params, "from"), day(params, "to")
    parts = (f"from {first}" if first else "", f"until {last}" if last else "")
    what = "offered" if asks_for_offers(params) else "came"
    words = " ".join(part for part in (what, *parts) if part)
    return [Chosen(words, ("from", "to"))] if first or last else []
