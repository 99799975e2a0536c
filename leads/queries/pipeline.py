"""The pipeline rows as a value: as they are now, for a batch or a designer, and as they were."""

from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from leadflow.core.errors import Conflict
from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Stage, VerbRule

PATIENCE_SECONDS = 5
PIPELINE_LOCK = 5_323_003


def load_pipeline(*, lock: bool = False) -> Pipeline:
    """The pipeline as it is now; `lock` keeps designers from changing it until the transaction ends."""
    if lock:
        _take_lock("pg_advisory_xact_lock_shared")
        return _read(newest_version())
    number = newest_version()
    while True:  # an edit between two of the queries would mix two versions
        found, after = _read(number), newest_version()
        if after == number:
            return found
        number = after


def _read(number: int) -> Pipeline:
    """The rows as a value; hand-offs first, for the stages they name are there before them."""
    handoffs = [_handoff_spec(handoff) for handoff in Handoff.objects.order_by("pk")]
    rules = list(VerbRule.objects.all())
    return Pipeline.build(
        version=number,
        stages=[_stage_spec(stage) for stage in Stage.objects.select_related("owning_team")],
        handoffs=handoffs,
        needing_reason=[rule.verb for rule in rules if rule.needs_reason],
        needing_note=[rule.verb for rule in rules if rule.needs_note],
    )


def pipeline_at(moment: datetime | None) -> Pipeline:
    """The pipeline that was in effect just before `moment`; None asks for the one of now.

    Times before the first version know that one.
    """
    newest = newest_version()
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
            _take_lock("pg_advisory_xact_lock")
    except OperationalError:
        raise Conflict(
            "Very many leads are being moved at this moment. Try again in a minute."
        ) from None
    return newest_version()


def _take_lock(function: str) -> None:
    """Batches share the lock, a designer has it alone.

    No row could serve: batches that share a row pass by a designer who waits for it, and while there
    are always some, the designer's turn never comes. This lock is given in the order of asking.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [PIPELINE_LOCK])


def newest_version() -> int:
    """The number of the newest version; 0 before there is one."""
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
