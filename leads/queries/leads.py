"""Reading leads and what is known of them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from leadflow.core.models import User
from leads.engine.conditions import Condition, compile_condition
from leads.engine.tokens import search_query
from leads.models import Consent, Lead
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
