"""The frame of every edit: lock, change the value, check the whole, write rows and a new version."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from leadflow.core.errors import Invalid
from leadflow.core.models import Team, User
from leads import policies
from leads.engine.faults import find_fault, find_lost_win
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Reason, Stage, VerbRule
from leads.queries.pipeline import load_pipeline, lock_for_design

ASIDE = 1_000_000  # positions move out of each other's way before they take their new values

Change = Callable[[Pipeline], Pipeline]


@transaction.atomic
def edit(
    *,
    change: Change,
    words: str,
    by: User | None,
    at: datetime,
    escalate_to: Mapping[str, Collection[int]] | None = None,
) -> PipelineVersion:
    """Apply `change` to the pipeline and write it as a new version; the newest when nothing changed.

    `escalate_to` holds user ids by the key of a hand-off. Raises Invalid naming what cannot be.
    """
    if by is not None:
        policies.check_may_design(by=by)
    draft = open_draft()
    before = load_pipeline()
    after = change(before)
    if fault := find_fault(after) or find_lost_win(before, after):
        raise Invalid(fault.sentence, field=fault.field)
    try:
        with transaction.atomic():
            _write_stages(before, after, at=at)
    except IntegrityError:  # the database alone decides which names are alike
        raise Invalid("There is a stage of this name already.", field="name") from None
    _write_handoffs(before, after)
    _write_rules(before, after)
    _write_chains(escalate_to or {})
    return close_draft(draft, words=words, by=by, at=at)


class Draft(NamedTuple):
    """The version that an edit began with, and all that it held."""

    number: int
    content: dict[str, Any]


def open_draft() -> Draft:
    """Let nobody else change the pipeline until the transaction ends."""
    number = lock_for_design()
    return Draft(number, _content())


def close_draft(draft: Draft, *, words: str, by: User | None, at: datetime) -> PipelineVersion:
    """Write the rows as they are now as a version; the newest one when nothing changed."""
    content = _content()
    if content == draft.content:
        return PipelineVersion.objects.get(number=draft.number)
    return PipelineVersion.objects.create(
        number=draft.number + 1, author=by, at=at, change=words[:200], content=content
    )


def _content() -> dict[str, Any]:
    """All of the pipeline as plain values, with whom overdue answers are told and the reasons."""
    chains: dict[str, list[int]] = {}
    links = Handoff.escalate_to.through.objects.order_by("handoff__key", "user_id")
    for key, user_id in links.values_list("handoff__key", "user_id"):
        chains.setdefault(key, []).append(user_id)
    reasons = list(Reason.objects.order_by("verb", "position", "code").values(*REASON))
    return load_pipeline().content() | {"escalate_to": chains, "reasons": reasons}


REASON = ("verb", "code", "label", "needs_note", "cool_down_days", "is_active")


def _write_stages(before: Pipeline, after: Pipeline, *, at: datetime) -> None:
    teams = dict(Team.objects.values_list("key", "pk"))
    rows = {stage.key: stage for stage in Stage.objects.all()}
    changed = [spec for spec in after.stages if spec != before.by_key.get(spec.key)]
    new = [spec for spec in changed if spec.key not in before.by_key]
    moved = any(
        spec.position != before.by_key[spec.key].position for spec in changed if spec not in new
    )
    if moved:
        Stage.objects.update(position=F("position") + ASIDE)
    for spec in changed:
        row = rows.setdefault(spec.key, Stage(key=spec.key))
        _describe(row, spec, teams=teams, at=at)
    Stage.objects.bulk_create(rows[spec.key] for spec in new)
    known = list(rows.values()) if moved else [rows[spec.key] for spec in changed]
    fresh = {spec.key for spec in new}
    columns = [*COLUMNS, "requires", "revives_on", "owning_team", "retired_at", "merged_into"]
    Stage.objects.bulk_update([row for row in known if row.key not in fresh], columns)


COLUMNS = ("name", "abbreviation", "kind", "position", "normal_days")


def _describe(row: Stage, spec: StageSpec, *, teams: Mapping[str, int], at: datetime) -> None:
    for name in COLUMNS:
        setattr(row, name, getattr(spec, name))
    row.requires, row.revives_on = list(spec.requires), list(spec.revives_on)
    row.owning_team_id = teams.get(spec.team)
    row.merged_into_id = spec.merged_into or None
    row.retired_at = (row.retired_at or at) if spec.is_retired else None


def _write_handoffs(before: Pipeline, after: Pipeline) -> None:
    known = {handoff.key: handoff for handoff in before.all_handoffs}
    changed = [spec for spec in after.all_handoffs if spec != known.get(spec.key)]
    rows = [Handoff(pk=spec.id or None, **_columns(spec)) for spec in changed]
    Handoff.objects.bulk_create(row for row in rows if row.pk is None)
    old = [row for row in rows if row.key in known]
    if old:
        names = [name.removesuffix("_id") for name in _columns(changed[0])]
        Handoff.objects.bulk_update(old, names)


def _columns(spec: HandoffSpec) -> dict[str, Any]:
    columns = asdict(spec)
    renamed = {"offered": "offered_id", "accepted": "accepted_id", "team_id": "receiving_team_id"}
    return {renamed.get(name, name): value for name, value in columns.items() if name != "id"}


def _write_rules(before: Pipeline, after: Pipeline) -> None:
    for column in ("needing_reason", "needing_note"):
        wanted = getattr(after, column)
        if wanted != getattr(before, column):
            flag = column.replace("needing", "needs")
            VerbRule.objects.exclude(verb__in=wanted).update(**{flag: False})
            VerbRule.objects.filter(verb__in=wanted).update(**{flag: True})


def _write_chains(escalate_to: Mapping[str, Collection[int]]) -> None:
    for handoff in Handoff.objects.filter(key__in=escalate_to):
        handoff.escalate_to.set(escalate_to[handoff.key])
