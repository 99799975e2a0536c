"""Leads of a stage that was merged into another one follow it there, in batches."""

from datetime import datetime

from django.db import transaction

from leads.models import Lead, PipelineVersion, Stage
from leads.queries.pipeline import load_pipeline
from leads.services.acts import Act, Cause
from leads.services.history import write_moves
from leads.services.standings import Target, describe_moves, lock_leads

BATCH = 5_000
MERGED_AT_ONCE = 5_000  # while somebody waits; the sweep moves the rest


def move_merged(*, at: datetime, most: int | None = None) -> int:
    """Move the leads that still stand in merged stages, about `most`; returns how many were moved."""
    moved = 0
    for key in Stage.objects.exclude(merged_into=None).values_list("key", flat=True):
        while (most is None or moved < most) and (batch := _move_batch(key, at=at)):
            moved += batch
    return moved


@transaction.atomic
def _move_batch(key: str, *, at: datetime) -> int:
    """One batch; every lead that a verb has moved meanwhile is left alone."""
    pipeline = load_pipeline(lock=True)
    target = pipeline.merged_into(key)
    ids = list(Lead.objects.filter(stage=key).order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not ids or target == key:
        return 0
    standing = [one for one in lock_leads(ids) if one.stage == key]
    version = PipelineVersion.objects.order_by("-number").first()
    act = Act(verb="merge", at=at, cause=Cause("pipeline", version.pk if version else None))
    changes = describe_moves(standing, {key: Target(target)}, act=act)
    write_moves(changes, act=act, pipeline=pipeline)
    return len(ids)
