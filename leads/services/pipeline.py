"""The shipped pipeline: its stages, hand-offs, reasons, and what its verbs ask for."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from leadflow.core.models import Calendar, Team
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Reason, Stage, VerbRule
from leads.queries.pipeline import load_pipeline

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
    "inquiry": 180,
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


def shipped_pipeline(*, with_all_handoffs: bool = False) -> Pipeline:
    """The pipeline as it is shipped, as a value; or with every shipped hand-off switched on."""
    return Pipeline.build(
        version=1,
        stages=[
            StageSpec(key, name, kind, 10 * position, requires, short, team or "")
            for position, (key, name, short, kind, team, requires) in enumerate(STAGES, 1)
        ],
        handoffs=[
            HandoffSpec(number, key, name, offered, accepted, is_active=active or with_all_handoffs)
            for number, (key, name, offered, accepted, _, _, active) in enumerate(HANDOFFS, 1)
        ],
        needing_reason=NEED_REASON,
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
