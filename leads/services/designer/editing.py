"""The frame of every edit: lock, change the value, check the whole, write rows and a new version."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from leadflow.core.errors import Invalid
from leadflow.core.models import Team, User
from leads import policies
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec, find_fault
from leads.models import Handoff, PipelineVersion, Stage, VerbRule
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
    newest = lock_for_design()
    before = load_pipeline()
    chains = _chains()
    after = change(before)
    if fault := find_fault(after):
        raise Invalid(fault.sentence, field=fault.field)
    _write_stages(before, after, at=at)
    _write_handoffs(before, after)
    _write_rules(before, after)
    _write_chains(escalate_to or {})
    return _write_version(newest, before.content() | chains, words=words, by=by, at=at)


def _write_version(
    newest: int, content_before: dict[str, Any], *, words: str, by: User | None, at: datetime
) -> PipelineVersion:
    content = load_pipeline().content() | _chains()
    if content == content_before:
        return PipelineVersion.objects.get(number=newest)
    return PipelineVersion.objects.create(
        number=newest + 1, author=by, at=at, change=words[:200], content=content
    )


def _chains() -> dict[str, Any]:
    """Who is told of overdue answers, by the key of the hand-off."""
    chains: dict[str, list[int]] = {}
    links = Handoff.escalate_to.through.objects.order_by("handoff__key", "user_id")
    for key, user_id in links.values_list("handoff__key", "user_id"):
        chains.setdefault(key, []).append(user_id)
    return {"escalate_to": chains}


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
