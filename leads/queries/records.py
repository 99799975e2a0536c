"""Where one lead stands, for its record page."""

from dataclasses import dataclass

from leads.models import Lead, Stage, StageChange
from leads.queries.pipeline import load_pipeline


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
    in_use = load_pipeline()
    path = [
        stage
        for stage in stages.values()
        if stage.kind != Stage.Kind.DETOUR
        and (stage.key in entered or in_use.is_on_path(stage.key))
    ]
    reached = [stage.key for stage in path if stage.key in entered]
    return Standing(stage=stages[lead.stage], path=path, furthest=reached[-1] if reached else "")
