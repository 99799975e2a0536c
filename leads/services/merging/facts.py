"""Which facts the record that lives on has after a merge."""

from collections.abc import Mapping
from typing import Any

from leadflow.core.errors import Invalid
from leads.models import Lead
from leads.queries.merging import FACTS, GONE, KEPT, choose_fact


def choose_facts(kept: Lead, gone: Lead, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Values that change on the kept lead; raises Invalid for a fact or a side that nobody knows."""
    for name, side in chosen.items():
        if name not in FACTS:
            raise Invalid(f"“{name[:40]}” is no fact that can be chosen.", field=name)
        if side not in {KEPT, GONE}:
            raise Invalid("Choose “kept” or “gone”.", field=name)
    values = {
        fact.column: getattr(choose_fact(kept, gone, fact, chosen.get(name, "")), fact.column)
        for name, fact in FACTS.items()
    }
    values["attributes"] = {**gone.attributes, **kept.attributes}
    values["created_at"] = min(kept.created_at, gone.created_at)
    active = [at for at in (kept.last_activity_at, gone.last_activity_at) if at]
    values["last_activity_at"] = max(active, default=None)
    return {name: value for name, value in values.items() if getattr(kept, name) != value}


def take_apart(
    now: Mapping[str, Any], was: Mapping[str, Any], merged: Mapping[str, Any]
) -> dict[str, Any]:
    """Attributes without those that a merge brought along, unless they were changed since."""
    return {name: value for name, value in now.items() if name in was or merged.get(name) != value}
