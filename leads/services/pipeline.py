"""The pipeline rows: loading them for a batch, and installing the shipped default."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from leadflow.core.models import Calendar, Team
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Reason, Stage

TEAMS = (
    ("marketing", "Marketing", Team.Side.MARKETING),
    ("sales", "Sales", Team.Side.SALES),
    ("care", "Customer care", Team.Side.CARE),
)
STAGES = (
    # key, name, abbreviation, kind, owning team, required on entry
    ("inquiry", "Inquiry", "INQ", "rests", "marketing", ()),
    ("qualified_inquiry", "Qualified inquiry", "QI", "rests", "marketing", ()),
    ("qualified_inquiry_accepted", "Accepted inquiry", "QIA", "rests", "marketing", ()),
    ("mql", "Marketing qualified", "MQL", "rests", "marketing", ()),
    ("sal", "Sales accepted", "SAL", "rests", "sales", ()),
    ("sql", "Sales qualified", "SQL", "rests", "sales", ()),
    ("opportunity", "Opportunity", "OPP", "rests", "sales", ("amount",)),
    ("customer", "Customer", "CUST", "won", "sales", ()),
    ("onboarded", "Onboarded", "ONB", "won", "care", ()),
    ("recycled", "Recycled", "REC", "detour", "marketing", ()),
    ("disqualified", "Disqualified", "DQ", "detour", None, ()),
    ("lost", "Lost", "LOST", "detour", "sales", ()),
)
HANDOFFS = (
    # key, name, offered, accepted, receiving team, target, active
    (
        "qualified_inquiry",
        "Qualified inquiry",
        "qualified_inquiry",
        "qualified_inquiry_accepted",
        "marketing",
        "1.000",
        False,
    ),
    ("mql_sal", "Marketing to sales", "mql", "sal", "sales", "1.000", True),
    ("customer_care", "Sales to customer care", "customer", "onboarded", "care", "1.000", False),
)
REASONS = (
    # verb, code, label, needs a note, cool-down in days
    ("reject", "no_budget", "No budget now", False, 90),
    ("reject", "no_need", "No need", False, 180),
    ("reject", "wrong_person", "Not the right person", False, 30),
    ("reject", "unreachable", "Could not be reached", False, 14),
    ("reject", "bad_data", "Contact data unusable", False, 0),
    ("reject", "too_early", "Interested, but too early", False, 30),
    ("reject", "other", "Other", True, 30),
    ("lose", "competitor", "Chose a competitor", False, 180),
    ("lose", "price", "Price", False, 180),
    ("lose", "no_decision", "No decision", False, 90),
    ("lose", "other", "Other", True, 90),
    ("recycle", "not_now", "Not now", False, 60),
    ("recycle", "other", "Other", True, 60),
    ("disqualify", "competitor", "Is a competitor", False, 0),
    ("disqualify", "student", "Student or private", False, 0),
    ("disqualify", "fake", "Not a real person", False, 0),
    ("disqualify", "other", "Other", True, 0),
)


def load_pipeline(*, lock: bool = False) -> Pipeline:
    """The pipeline as it is now; `lock` keeps designers from changing it until the transaction ends."""
    number = _newest_version(lock=lock)
    handoffs = list(Handoff.objects.all())
    return Pipeline.build(
        version=number,
        stages=[
            StageSpec(stage.key, stage.name, stage.kind, stage.position, tuple(stage.requires))
            for stage in Stage.objects.filter(retired_at=None)
        ],
        handoffs=[
            HandoffSpec(
                id=handoff.pk,
                key=handoff.key,
                name=handoff.name,
                offered=handoff.offered_id,
                accepted=handoff.accepted_id,
                respond_within_minutes=handoff.respond_within_minutes,
                uses_business_time=handoff.uses_business_time,
                team_id=handoff.receiving_team_id,
            )
            for handoff in handoffs
            if handoff.is_active
        ],
        sides_switched_off=_sides_switched_off(handoffs),
    )


def _newest_version(*, lock: bool) -> int:
    # FOR SHARE lets batches run side by side; only the designer's FOR UPDATE waits for them.
    statement = "SELECT * FROM leads_pipelineversion ORDER BY number DESC LIMIT 1"
    rows = PipelineVersion.objects.raw(statement + (" FOR SHARE" if lock else ""))
    return next((version.number for version in rows), 0)


def _sides_switched_off(handoffs: list[Handoff]) -> set[str]:
    """Stages off the path because their hand-off is off; winning itself needs no hand-off."""
    off = [handoff for handoff in handoffs if not handoff.is_active]
    winning = set(
        Stage.objects.filter(kind=Stage.Kind.WON)
        .order_by("position")
        .values_list("key", flat=True)[:1]
    )
    return {side for handoff in off for side in (handoff.offered_id, handoff.accepted_id)} - winning


@transaction.atomic
def install_default_pipeline(*, at: datetime) -> None:
    """Write the shipped stages, hand-offs, reasons, teams and calendar where they are missing."""
    Calendar.objects.get_or_create(key="default", defaults={"name": "Office hours"})
    teams = {
        key: Team.objects.get_or_create(key=key, defaults={"name": name, "side": side})[0]
        for key, name, side in TEAMS
    }
    if PipelineVersion.objects.exists():
        return
    _install_stages(teams)
    _install_handoffs(teams)
    _install_reasons()
    PipelineVersion.objects.create(number=1, at=at, change="Installed with LeadFlow")


def _install_stages(teams: Mapping[str, Team]) -> None:
    Stage.objects.bulk_create(
        Stage(
            key=key,
            name=name,
            abbreviation=abbreviation,
            kind=kind,
            position=position * 10,
            owning_team=teams.get(team or ""),
            requires=list(requires),
        )
        for position, (key, name, abbreviation, kind, team, requires) in enumerate(STAGES, 1)
    )


def _install_handoffs(teams: Mapping[str, Team]) -> None:
    Handoff.objects.bulk_create(
        Handoff(
            key=key,
            name=name,
            offered_id=offered,
            accepted_id=accepted,
            receiving_team=teams[team],
            target=target,
            is_active=active,
        )
        for key, name, offered, accepted, team, target, active in HANDOFFS
    )


def _install_reasons() -> None:
    Reason.objects.bulk_create(
        Reason(
            verb=verb,
            code=code,
            label=label,
            needs_note=needs_note,
            cool_down_days=days,
            position=n,
        )
        for n, (verb, code, label, needs_note, days) in enumerate(REASONS)
    )
