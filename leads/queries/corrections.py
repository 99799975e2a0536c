"""History without what was taken back, and what can still be taken back."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from leadflow.core.models import User
from leads import policies
from leads.models import Lead, StageChange


class Step(NamedTuple):
    """The last change of a lead that counts, and the one before; None where the lead has just come."""

    last: StageChange
    before: StageChange | None


def already_corrected(*, change_ids: Collection[int]) -> set[int]:
    """Of these changes, those that were taken back."""
    rows = StageChange.objects.filter(corrects__in=list(change_ids)).order_by()
    return {undone for undone in rows.values_list("corrects", flat=True) if undone is not None}


def last_steps(*, lead_ids: Collection[int]) -> dict[int, Step]:
    """The last two changes of each lead that count; one query."""
    newest = Window(RowNumber(), partition_by="lead", order_by=F("id").desc())
    rows = StageChange.objects.in_effect().of_own().filter(lead__in=list(lead_ids))
    found: dict[int, list[StageChange]] = {}
    for row in (
        rows.select_related("by", "from_stage", "to_stage")
        .annotate(place=newest)
        .filter(place__lte=2)
        .order_by("-id")
    ):
        found.setdefault(row.lead_id, []).append(row)
    return {pk: Step(rows[0], rows[1] if len(rows) > 1 else None) for pk, rows in found.items()}


def change_to_take_back(*, lead: Lead, user: User, at: datetime) -> StageChange | None:
    """The change of a lead that `user` may take back now."""
    step = last_steps(lead_ids=[lead.pk]).get(lead.pk)
    if step is None or step.before is None or step.last.verb == "merge":
        return None
    return None if policies.take_back_refused(step.last, by=user, at=at) else step.last
