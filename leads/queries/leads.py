"""Reading leads and what is known of them."""

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


def matching(condition: Condition) -> LeadQuerySet:
    """Leads that a condition is true of; a lead appears once, an erased person never."""
    found = Lead.objects.filter(compile_condition(condition)).order_by().values("pk")
    return Lead.objects.filter(pk__in=found, erased_at=None)


def has_consent(purpose: str) -> Exists:
    """A filter for leads whose latest word on `purpose` was yes."""
    latest = (
        Consent.objects.filter(lead=OuterRef("lead"), purpose=purpose)
        .order_by("-at", "-id")
        .values("pk")[:1]
    )
    return Exists(
        Consent.objects.filter(
            lead=OuterRef("pk"), purpose=purpose, is_given=True, pk=Subquery(latest)
        )
    )
