"""Where one lead stands, for its record page."""

from collections.abc import Mapping
from dataclasses import dataclass

from leads.models import Consent, Handoff, Lead, Stage, StageChange


@dataclass(frozen=True)
class Standing:
    """The path with the lead on it: its stage now, and the furthest one reached in this cycle."""

    stage: Stage
    path: list[Stage]
    furthest: str


def standing(*, lead: Lead) -> Standing:
    """Where a lead stands on the path in use; other stages appear only if it entered them."""
    stages = {stage.key: stage for stage in Stage.objects.all()}
    changes = StageChange.objects.in_effect().filter(lead=lead, cycle=lead.cycle)
    entered = set(changes.values_list("to_stage", flat=True)) | {lead.stage}
    off = _sides_switched_off(stages)
    path = [
        stage
        for stage in stages.values()
        if stage.kind != Stage.Kind.DETOUR
        and (stage.key in entered or not (stage.retired_at or stage.key in off))
    ]
    reached = [stage.key for stage in path if stage.key in entered]
    return Standing(stage=stages[lead.stage], path=path, furthest=reached[-1] if reached else "")


def _sides_switched_off(stages: Mapping[str, Stage]) -> set[str]:
    """Sides of hand-offs that are off; the first won stage stays, as winning needs no hand-off."""
    won = next((key for key, stage in stages.items() if stage.kind == Stage.Kind.WON), "")
    sides = Handoff.objects.filter(is_active=False).values_list("offered", "accepted")
    return {side for pair in sides for side in pair} - {won}


def latest_consents(*, lead: Lead) -> list[Consent]:
    """The last word on each purpose."""
    latest: dict[str, Consent] = {}
    for consent in Consent.objects.filter(lead=lead).order_by("-at", "-id")[:100]:
        latest.setdefault(consent.purpose, consent)
    return sorted(latest.values(), key=lambda consent: consent.purpose)
