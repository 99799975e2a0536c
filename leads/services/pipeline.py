"""The pipeline rows: loading them for a batch, and installing the shipped default."""

from collections.abc import Mapping
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from leadflow.core.errors import Conflict
from leadflow.core.models import Calendar, Team
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Reason, Stage, VerbRule

PATIENCE_SECONDS = 5

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
# After how many days a lead that still stands there is stuck
NORMAL_DAYS = {
    "inquiry": 60,
    "qualified_inquiry": 2,
    "qualified_inquiry_accepted": 30,
    "mql": 2,
    "sal": 7,
    "sql": 30,
    "opportunity": 60,
    "customer": 14,
}
# What counts as new interest of somebody who is off the path
REVIVES_ON = {"recycled": ("form", "download", "event"), "lost": ("form",)}
VERB_NAMES = "offer accept reject expire advance win lose recycle disqualify revive".split()
NEED_REASON = frozenset({"reject", "lose", "disqualify"})
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
    number = _lock_version("FOR SHARE") if lock else _newest_version()
    rules = VerbRule.objects.all()
    return Pipeline.build(
        version=number,
        stages=[_stage_spec(stage) for stage in Stage.objects.select_related("owning_team")],
        handoffs=[_handoff_spec(handoff) for handoff in Handoff.objects.order_by("pk")],
        needing_reason=[rule.verb for rule in rules if rule.needs_reason],
        needing_note=[rule.verb for rule in rules if rule.needs_note],
    )


def pipeline_at(moment: datetime | None) -> Pipeline:
    """The pipeline that was in effect just before `moment`; None asks for the one of now.

    Times before the first version know that one.
    """
    newest = _newest_version()
    if moment is not None:
        versions = PipelineVersion.objects.exclude(content={}).order_by("-number")
        then = versions.filter(at__lt=moment).first() or versions.last()
        if then is not None and then.number != newest:
            return Pipeline.from_content(then.number, then.content)
    return load_pipeline()


def lock_for_design() -> int:
    """Let nobody else change the pipeline, and no lead move, until the transaction ends.

    Returns the newest version; raises Conflict when leads keep it in use for too long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [f"{PATIENCE_SECONDS}s"])
    try:
        with transaction.atomic():
            return _lock_version("FOR UPDATE")
    except OperationalError:
        raise Conflict(
            "Very many leads are being moved at this moment. Try again in a minute."
        ) from None


def _lock_version(strength: str) -> int:
    """Lock the first version, which every batch and every designer locks; returns the newest.

    FOR SHARE lets batches run side by side; only the designer's FOR UPDATE waits for them. The
    newest row would be no lock: a new one comes with every edit.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM leads_pipelineversion ORDER BY number LIMIT 1 {strength}")
    return _newest_version()


def _newest_version() -> int:
    newest = PipelineVersion.objects.aggregate(newest=Max("number"))["newest"]
    return int(newest or 0)


def _stage_spec(stage: Stage) -> StageSpec:
    return StageSpec(
        key=stage.key,
        name=stage.name,
        kind=stage.kind,
        position=stage.position,
        requires=tuple(stage.requires),
        abbreviation=stage.abbreviation,
        team=stage.owning_team.key if stage.owning_team else "",
        normal_days=stage.normal_days,
        revives_on=tuple(stage.revives_on),
        is_retired=stage.retired_at is not None,
        merged_into=stage.merged_into_id or "",
    )


def _handoff_spec(handoff: Handoff) -> HandoffSpec:
    return HandoffSpec(
        id=handoff.pk,
        key=handoff.key,
        name=handoff.name,
        offered=handoff.offered_id,
        accepted=handoff.accepted_id,
        respond_within_minutes=handoff.respond_within_minutes,
        uses_business_time=handoff.uses_business_time,
        expire_after_minutes=handoff.expire_after_minutes,
        target=float(handoff.target),
        team_id=handoff.receiving_team_id,
        calendar_id=handoff.calendar_id,
        is_active=handoff.is_active,
    )


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
    VerbRule.objects.bulk_create(
        VerbRule(verb=verb, needs_reason=verb in NEED_REASON) for verb in VERB_NAMES
    )
    PipelineVersion.objects.create(
        number=1, at=at, change="Installed with LeadFlow", content=load_pipeline().content()
    )


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
            normal_days=NORMAL_DAYS.get(key),
            revives_on=list(REVIVES_ON.get(key, ())),
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
