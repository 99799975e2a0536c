"""Addresses of the leads behind a figure."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.http import urlencode

from reports.engine.periods import Period
from reports.queries import Dimension, Group

BLANK, NOT_RECORDED, NOW = "__blank", "__none", "now"


def leads_behind(
    *,
    period: Period,
    reached: str = "",
    outcome: str = "",
    split: Dimension | None = None,
    group: Group | None = None,
    only: Mapping[str, str] | None = None,
) -> str:
    """The list of the leads that a figure counts; `only` are further filters of the list."""
    params = {"reached": reached, "outcome": outcome} | dict(only or {})
    if split is not None and group is not None:
        if split.is_month:
            params["as_of"] = _as_of(period) if reached else ""
            period = period.within(Period.month(group.key or ""))
        else:
            params[split.param] = param_of(group)
    params["from"] = period.first.isoformat() if period.first else ""
    params["to"] = period.last.isoformat() if period.last else ""
    return address_of("leads:list", params)


def address_of(name: str, params: Mapping[str, str]) -> str:
    """The address of a page with the parameters that say something."""
    kept = {key: value for key, value in params.items() if value}
    return f"{reverse(name)}?{urlencode(kept)}"


def param_of(group: Group) -> str:
    """What the filters of the list call a group."""
    return NOT_RECORDED if group.key is None else group.key or BLANK


def _as_of(period: Period) -> str:
    """The day whose path the whole report is told along, for a month of it."""
    return period.last.isoformat() if period.last else NOW
