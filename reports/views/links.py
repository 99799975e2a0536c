"""Addresses of the leads behind a figure."""

from django.urls import reverse
from django.utils.http import urlencode

from reports.engine.periods import Period
from reports.queries import Dimension, Group

BLANK, NOT_RECORDED = "__blank", "__none"
FILTERS = frozenset({"source", "campaign", "product", "owner", "territory", "persona", "country"})


def leads_behind(
    *,
    period: Period,
    reached: str = "",
    outcome: str = "",
    split: Dimension | None = None,
    group: Group | None = None,
) -> str:
    """The list of the leads that a figure counts; "" where the list has no filter for the group."""
    params = {"reached": reached, "outcome": outcome}
    if split is not None and group is not None:
        if split.is_month:
            period = period.within(Period.month(group.key or ""))
        elif split.key in FILTERS:
            params[split.key] = _param(group.key)
        else:
            return ""
    params["from"] = period.first.isoformat() if period.first else ""
    params["to"] = period.last.isoformat() if period.last else ""
    kept = {name: value for name, value in params.items() if value}
    return f"{reverse('leads:list')}?{urlencode(kept)}"


def _param(key: str | None) -> str:
    return NOT_RECORDED if key is None else key or BLANK
