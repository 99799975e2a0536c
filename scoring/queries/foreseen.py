"""What would happen if a version took effect now: counted before anybody signs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from leads import queries as leads
from leads.models import Lead
from scoring.models import LeadDefinition
from scoring.queries.definitions import ready_leads


@dataclass(frozen=True)
class Foreseen:
    """Leads before the hand-off: who would be offered, of them on request, who is left out or held back."""

    before: int
    ready: int
    raised: int
    excluded: int
    held_back: int
    a_day: int | None = None

    @property
    def waiting(self) -> int:
        """Those who would be offered and did not ask for it."""
        return self.ready - self.raised

    @property
    def days(self) -> int | None:
        """How many days it takes until nobody waits, at so many a day."""
        return -(-self.waiting // self.a_day) if self.a_day else None


def foresee(definition: LeadDefinition, *, stages: Collection[str], at: datetime) -> Foreseen:
    """Count what a version would do to the leads as they are; nothing is changed."""
    ready = ready_leads(definition, stages=stages, at=at).order_by()
    counts = ready.aggregate(ready=Count("pk"), raised=Count("pk", filter=Q(raises=True)))
    before = Lead.objects.filter(stage__in=stages, erased_at=None)
    wanted = leads.compile_condition(definition.condition, at=at)
    wanted |= leads.compile_condition(definition.hand_raise, at=at)
    fulfil = before.filter(wanted)
    excluded = fulfil.filter(leads.compile_condition(definition.exclusions, at=at)).count()
    return Foreseen(
        before=before.count(),
        ready=counts["ready"],
        raised=counts["raised"],
        excluded=excluded,
        held_back=max(0, fulfil.count() - excluded - counts["ready"]),
        a_day=definition.a_day,
    )
