"""Reading leads and what is known of them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from leadflow.core.models import User
from leads.engine.conditions import Condition, compile_condition
from leads.engine.identity import fold
from leads.models import Consent, Lead
from leads.models.people import LeadQuerySet


def find_leads(*, user: User, q: str = "") -> LeadQuerySet:
    """Leads that `user` may see whose name, address, number or company hold every word of `q`."""
    leads = Lead.objects.visible_to(user)
    for word in fold(q).split():
        leads = leads.filter(search__contains=word)
    return leads


def matching(condition: Condition, *, at: datetime | None = None) -> LeadQuerySet:
    """Leads that a condition is true of as of `at` (now when it is left out); a lead appears once."""
    return Lead.objects.filter(compile_condition(condition, at=at))


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
