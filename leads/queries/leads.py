"""Reading leads and what is known of them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from leadflow.core.models import User
from leads.engine.conditions import Condition, compile_condition, tests_of
from leads.engine.conditions.filters import counted_rows
from leads.engine.tokens import search_query
from leads.models import Activity, Consent, Lead
from leads.models.people import LeadQuerySet


def find_leads(*, user: User, q: str = "") -> LeadQuerySet:
    """Leads that `user` may see whose name, address, number or company begin like every word of `q`."""
    leads = Lead.objects.visible_to(user)
    if not q.strip():
        return leads
    asked = search_query(q)
    return leads.filter(tokens__tokens__holds=asked) if asked else leads.none()


def matching(condition: Condition, *, at: datetime | None = None) -> LeadQuerySet:
    """Leads that a condition is true of as of `at` (now when it is left out); an erased person never."""
    return Lead.objects.filter(compile_condition(condition, at=at), erased_at=None)


def has_new_evidence(condition: Condition, *, since: str, lead: str, at: datetime) -> Q:
    """A filter over rows of leads: whether something a condition counts was done after their time `since`.

    `lead` is the path to the lead. Where the condition counts nothing, whatever they did themselves
    is evidence.
    """
    counts = [
        (test.field.rows, counted_rows(test))
        for test in tests_of(condition)
        if test.field.kind == "count"
    ]
    after = {"gt": OuterRef(since), "lte": at}
    found = Q(pk__in=[])
    for rows, counted in counts:
        assert rows is not None
        within = {f"{rows.time}__{op}": moment for op, moment in after.items()}
        found |= Q(Exists(counted.filter(**{rows.lead: OuterRef(lead)}, **within).order_by()))
    if counts:
        return found
    done = Activity.objects.filter(kind__in=Activity.THEIR_OWN, is_automatic=False)
    within = {f"occurred_at__{op}": moment for op, moment in after.items()}
    return Q(Exists(done.filter(lead=OuterRef(lead), **within).order_by()))


def has_consent(purpose: str) -> Exists:
    """A filter for leads whose latest word on `purpose` was yes."""
    return _latest_word(purpose, is_given=True)


def has_withdrawn(purpose: str) -> Exists:
    """A filter for leads whose latest word on `purpose` was no."""
    return _latest_word(purpose, is_given=False)


def _latest_word(purpose: str, *, is_given: bool) -> Exists:
    latest = (
        Consent.objects.filter(lead=OuterRef("lead"), purpose=purpose)
        .order_by("-at", "-id")
        .values("pk")[:1]
    )
    return Exists(
        Consent.objects.filter(
            lead=OuterRef("pk"), purpose=purpose, is_given=is_given, pk=Subquery(latest)
        )
    )
