"""Undoing a merge: every row is as it was; what happened since stays with the record that was kept."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Max

from leadflow.core import events
from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leadflow.core.parts import person_tables
from leads import policies
from leads.events import ActivitiesRecorded, MergeUndone
from leads.models import Lead, Merge, StageChange
from leads.queries.merging import moving_tables
from leads.services.merging import rows
from leads.services.merging.facts import take_apart
from leads.services.merging.joining import column_of, shift_cycles
from leads.services.people import lock_identity
from leads.services.tokens import refresh_tokens

STAGES = "leads.stages"
KEYS = {"email": "The e-mail address", "external_id": "The external id"}


@transaction.atomic
def undo_merge(*, merge_id: int, by: User, at: datetime) -> Merge:
    """Make one record two again; twice is once. Raises Conflict or NotAllowed with a sentence.

    What happened after the merge stays with the kept record, as do its facts that were changed since.
    """
    policies.check_may("merge", by=by)
    lock_identity()
    merge = _lock(merge_id, by=by)
    if merge.undone_at is not None:
        return merge
    before = _Before.of(merge)
    kept = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=merge.kept_id)
    _check(merge, before, kept, by=by)
    _restore_kept(kept, before)
    rows.put_back(Lead, rows.as_array([before.lead]))
    _restore_history(merge, before)
    for name, texts in before.aside.items():
        rows.put_back(person_tables.get(name).model, texts)
    for label, (was, now) in before.changed.items():
        if label != "leads.lead":
            rows.restore_changes(apps.get_model(label), was, now)
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["undone_at", "undone_by"])
    ids = (kept.pk, merge.gone_id)
    refresh_tokens(lead_ids=ids)
    events.publish(MergeUndone(at=at, kept_id=kept.pk, gone_id=merge.gone_id, merge_id=merge.pk))
    events.publish(ActivitiesRecorded(at=at, lead_ids=ids, is_silent=True))
    return merge


def _lock(merge_id: int, *, by: User) -> Merge:
    merges = Merge.objects.filter(kept__in=Lead.objects.visible_to(by)).defer("before")
    locked = merges.select_for_update(of=("self",)).select_related("by").filter(pk=merge_id).first()
    if locked is None:
        raise Conflict("This merge does not exist or is not yours to see.")
    if sentence := policies.undo_merge_refused(locked, by=by):
        raise Conflict(sentence)
    return locked


class _Before:
    """What a merge wrote down; rows as text."""

    def __init__(self, kept_id: int, cycles: int, change_id: int, lead: str) -> None:
        self.kept_id = kept_id
        self.cycles = cycles
        self.change_id = change_id
        self.lead = lead
        self.changed: dict[str, tuple[str, str]] = {}
        self.aside: dict[str, str] = {}
        self.moved: dict[str, list[str]] = {}

    @classmethod
    def of(cls, merge: Merge) -> "_Before":
        """Read it; raises Conflict where it was erased."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT before->>'kept', before->>'cycles', before->>'change', "
                "(before->'lead')::text FROM leads_merge WHERE id = %s",
                [merge.pk],
            )
            kept, cycles, change, lead = cursor.fetchone()
            if kept is None:
                raise Conflict("They were erased since: the other record is gone for good.")
            before = cls(int(kept), int(cycles), int(change), lead)
            before.aside = _texts(cursor, merge, "'aside'", "value::text")
            before.moved = {
                name: json.loads(text)
                for name, text in _texts(cursor, merge, "'moved'", "value::text").items()
            }
            was = _texts(cursor, merge, "'changed'", "(value->'was')::text")
            now = _texts(cursor, merge, "'changed'", "(value->'now')::text")
            before.changed = {name: (was[name], now[name]) for name in was}
        return before

    @property
    def kept_rows(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The row of the kept lead before and after its facts were written."""
        was, now = (json.loads(text)[0] for text in self.changed["leads.lead"])
        return was, now


def _texts(cursor: Any, merge: Merge, part: str, value: str) -> dict[str, str]:
    cursor.execute(
        f"SELECT key, {value} FROM leads_merge, jsonb_each(before->{part}) WHERE id = %s",
        [merge.pk],
    )
    return dict(cursor.fetchall())


def _check(merge: Merge, before: _Before, kept: Lead, *, by: User) -> None:
    """Raise Conflict where there is no way back."""
    if kept.pk != before.kept_id:
        raise Conflict(f"This record was merged into {kept.name} since: undo that merge first.")
    if kept.erased_at is not None:
        raise Conflict("They were erased since: the other record is gone for good.")
    was, now = before.kept_rows
    wanted = {key: was[key] for key in KEYS if was[key] != now[key] == getattr(kept, key)}
    _check_free(wanted, but=[kept.pk])


def _check_free(keys: Mapping[str, str], *, but: list[int]) -> None:
    for key, value in keys.items():
        other = Lead.objects.filter(**{f"{key}__iexact": value}).exclude(pk__in=but).first()
        if value and other is not None:
            raise Conflict(f"{KEYS[key]} {value} belongs to {other.name} by now.", field=key)


def _restore_kept(kept: Lead, before: _Before) -> None:
    """Facts that the merge wrote and nobody has changed since are as they were."""
    was, now = before.kept_rows
    rows.restore_changes(Lead, *before.changed["leads.lead"])
    if kept.attributes != now["attributes"]:
        left = take_apart(kept.attributes, was["attributes"], now["attributes"])
        Lead.objects.filter(pk=kept.pk).update(attributes=left)
    gone = json.loads(before.lead)
    _check_free({key: gone[key] for key in KEYS}, but=[])


def _restore_history(merge: Merge, before: _Before) -> None:
    """Give the rows back, number the cycles as they were, and take out the row that told of it."""
    StageChange.objects.filter(pk=before.change_id).delete()
    lines = StageChange.objects.filter(pk__in=before.moved[STAGES])
    first = min(lines.values_list("cycle", flat=True))
    for name, table in moving_tables():
        column, kept_id, gone_id = column_of(table), before.kept_id, merge.gone_id
        if keys := before.moved.get(name):
            rows.hand_back(table.model, column, keys, giver=kept_id, taker=gone_id)
        if table.cycle:
            shift_cycles(table, gone_id, by=1 - first)
            shift_cycles(table, kept_id, by=-before.cycles, after=first - 1)
    newest = StageChange.objects.filter(lead=before.kept_id).aggregate(newest=Max("pk"))["newest"]
    Lead.objects.filter(pk=before.kept_id).update(
        cycle=F("cycle") - before.cycles, last_change=newest
    )
