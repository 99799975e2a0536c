"""Merging: everything that belonged to one record goes over to another, in one transaction.

Cycles stay apart, for every figure counts by lead and cycle: those of the record that goes come first
(1 … m), those of the kept one follow (m + 1 …). One row of history with the verb “combine” is appended,
so that the newest row still says where the lead stands.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef

from leadflow.core import bulk, events
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leadflow.core.parts import PersonTable, merge_rules, person_tables
from leads import policies
from leads.events import ActivitiesRecorded, LeadsMerged
from leads.models import Lead, LeadTokens, Merge, StageChange
from leads.models.history import COMBINE
from leads.queries.merging import merge_refusal, moving_tables
from leads.queries.pipeline import load_pipeline
from leads.services.acts import Act, Cause, Change
from leads.services.history import write_history
from leads.services.merging import rows
from leads.services.merging.facts import choose_facts
from leads.services.people import lock_identity
from leads.services.tokens import refresh_tokens

UNSEEN = "This lead does not exist or is not yours to see."


@transaction.atomic
def merge_leads(
    *,
    kept_id: int,
    gone_id: int,
    facts: Mapping[str, str] | None = None,
    by: User,
    at: datetime,
) -> Merge:
    """Make two records of one person one: `kept_id` lives on with all that belonged to either.

    `facts` says for a fact whose value lives on, “kept” or “gone”; the others are those of the kept
    record, filled in from the other. Raises Conflict with a sentence where the two cannot be merged
    or one of them has been merged away meanwhile.
    """
    policies.check_may("merge", by=by)
    if kept_id == gone_id:
        raise Invalid("A lead cannot be merged with itself.", field="gone")
    lock_identity()  # nobody is looked for or written down while two become one
    pipeline = load_pipeline(lock=True)
    kept, gone = _lock_both(kept_id, gone_id, by=by)
    if sentence := merge_refusal(kept=kept, gone=gone):
        raise Conflict(sentence, field="gone")
    merge = Merge.objects.create(
        kept=kept,
        gone_id=gone.pk,
        gone_email=gone.email,
        gone_external_id=gone.external_id or "",
        by=by,
        at=at,
    )
    before = _Before(kept, gone)
    before.changed |= _apply_rules(kept, gone, at=at)
    before.aside |= _set_aside(kept, gone)
    cycles = _renumber(kept, gone)
    before.moved |= _hand_over(kept, gone)
    _remove(gone)
    before.changed["leads.lead"] = _write_facts(kept, gone, facts or {})
    change_id = _append(kept, gone, merge, cycles=cycles, version=pipeline.version, by=by, at=at)
    before.keep(merge, cycles=cycles, change_id=change_id)
    refresh_tokens(lead_ids=[kept.pk])
    events.publish(LeadsMerged(at=at, kept_id=kept.pk, gone_id=gone.pk, merge_id=merge.pk))
    # Silent: points are counted anew, but nobody is offered or revived because records were joined.
    events.publish(ActivitiesRecorded(at=at, lead_ids=(kept.pk,), is_silent=True))
    return merge


def _lock_both(kept_id: int, gone_id: int, *, by: User) -> tuple[Lead, Lead]:
    """Lock two leads that `by` may see, in id order; raises Conflict saying what became of one.

    The one that goes is locked against all that hold it; the other one is only written.
    """
    seen = Lead.objects.visible_to(by)
    found = {}
    for lead_id in sorted([kept_id, gone_id]):
        rows = Lead.objects.select_for_update(no_key=lead_id == kept_id, of=("self",))
        lead = rows.filter(pk=lead_id, pk__in=seen.filter(pk=lead_id).values("pk")).first()
        if lead is None:
            raise Conflict(_whereabouts(lead_id, by=by), field="gone")
        found[lead_id] = lead
    return found[kept_id], found[gone_id]


def _whereabouts(lead_id: int, *, by: User) -> str:
    """What became of a lead that is not there."""
    gone = Merge.objects.filter(gone_id=lead_id, undone_at=None).select_related("kept", "by")
    merge = gone.filter(kept__in=Lead.objects.visible_to(by)).first()
    if merge is None:
        return UNSEEN
    return f"{merge.by or 'Somebody'} has merged this record into {merge.kept} meanwhile."


class _Before:
    """What it takes to undo a merge, collected as text while it is made."""

    def __init__(self, kept: Lead, gone: Lead) -> None:
        self.kept_id = kept.pk
        self.lead = rows.read_rows(Lead, ["id"], [gone.pk])[str(gone.pk)]
        self.changed: dict[str, str] = {}
        self.aside: dict[str, str] = {}
        self.moved: dict[str, str] = {}

    def keep(self, merge: Merge, *, cycles: int, change_id: int) -> None:
        """Write all of it down with the merge."""
        text = rows.as_object(
            {
                "kept": str(self.kept_id),
                "cycles": str(cycles),
                "change": str(change_id),
                "lead": self.lead,
                "changed": rows.as_object(self.changed),
                "aside": rows.as_object(self.aside),
                "moved": rows.as_object(self.moved),
            }
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE leads_merge SET before = %s::jsonb WHERE id = %s", [text, merge.pk]
            )


def _apply_rules(kept: Lead, gone: Lead, *, at: datetime) -> dict[str, str]:
    """Let every app put its rows right; returns by table what that has changed."""
    columns = watched_columns()
    ids = [kept.pk, gone.pk]
    was = {model: rows.read_rows(model, names, ids) for model, names in columns.items()}
    for rule in merge_rules.values():
        rule.run(kept.pk, gone.pk, at)
    changed = {}
    for model, names in columns.items():
        before, after = rows.find_changes(was[model], rows.read_rows(model, names, ids))
        if before or after:
            changed[model._meta.label_lower] = _pair(before, after)
    return changed


def watched_columns() -> dict[type[Any], list[str]]:
    """Tables that rules change, with the columns that name a lead."""
    found: dict[type[Any], list[str]] = {}
    for rule in merge_rules.values():
        for name in rule.tables:
            table = person_tables.get(name)
            names = found.setdefault(table.model, [])
            if column_of(table) not in names:
                names.append(column_of(table))
    return found


def column_of(table: PersonTable) -> str:
    """The column of a table that names the lead."""
    return str(table.model._meta.get_field(table.lead).column)


def _pair(was: list[str], now: list[str]) -> str:
    return rows.as_object({"was": rows.as_array(was), "now": rows.as_array(now)})


def _set_aside(kept: Lead, gone: Lead) -> dict[str, str]:
    """Take away rows of the lead that goes that the kept one has already, by table."""
    aside = {}
    for name, table in moving_tables():
        if keys := _find_repeated(table, kept, gone):
            aside[name] = rows.as_array(rows.set_aside(table.model, keys))
    return aside


def _find_repeated(table: PersonTable, kept: Lead, gone: Lead) -> set[Any]:
    """Rows that could not stand beside those of the kept lead."""
    found: set[Any] = set()
    if (
        table.model is Merge
    ):  # a merge the other way round that was undone: nobody goes into oneself
        found |= set(gone.merges.filter(gone_id=kept.pk).values_list("pk", flat=True))
    for unique in table.uniques:
        mine = table.model.objects.filter(unique.where, **{table.lead: kept})
        same = mine.filter(**{name: OuterRef(name) for name in unique.columns})
        theirs = table.model.objects.filter(unique.where, Exists(same), **{table.lead: gone})
        found |= set(theirs.order_by().values_list("pk", flat=True))
    return found


def _renumber(kept: Lead, gone: Lead) -> int:
    """Make room for the cycles of the lead that goes before those of the kept one; returns how many."""
    most = StageChange.objects.filter(lead=gone).aggregate(most=Max("cycle"))["most"]
    cycles = max(most or 1, gone.cycle)
    for _, table in moving_tables():
        if table.cycle:
            shift_cycles(table, kept.pk, by=cycles)
    return cycles


def shift_cycles(table: PersonTable, lead_id: int, *, by: int, after: int = 0) -> None:
    """Number the cycles of a lead that come after one anew."""
    name, column = rows.quote(table.model._meta.db_table), rows.quote(table.cycle)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {name} SET {column} = {column} + %s "
            f"WHERE {rows.quote(column_of(table))} = %s AND {column} > %s",
            [by, lead_id, after],
        )


def _hand_over(kept: Lead, gone: Lead) -> dict[str, str]:
    """Give every row of one lead to the other; returns by table which."""
    moved = {}
    for name, table in moving_tables():
        keys = rows.hand_over(table.model, column_of(table), giver=gone.pk, taker=kept.pk)
        if keys:
            moved[name] = rows.as_array(f'"{key}"' for key in keys)
    return moved


def _remove(gone: Lead) -> None:
    """Delete the record that goes; a row that still named it would not let the transaction end."""
    LeadTokens.objects.filter(lead=gone).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_lead WHERE id = %s", [gone.pk])


def _write_facts(kept: Lead, gone: Lead, chosen: Mapping[str, str]) -> str:
    """Write the facts that live on; returns the row as it was and as it is."""
    values = choose_facts(kept, gone, chosen)
    was = list(rows.read_rows(Lead, ["id"], [kept.pk]).values())
    if values:
        Lead.objects.filter(pk=kept.pk).update(**values)
    return _pair(was, list(rows.read_rows(Lead, ["id"], [kept.pk]).values()))


def _append(
    kept: Lead,
    gone: Lead,
    merge: Merge,
    *,
    cycles: int,
    version: int,
    by: User,
    at: datetime,
) -> int:
    """Append the row of history that tells of the merge and tie the lead to it; returns its id."""
    (change_id,) = bulk.take_ids(StageChange, 1)
    cycle = kept.cycle + cycles
    act = Act(verb=COMBINE, at=at, by=by, cause=Cause("merge", merge.pk), note=gone.name)
    change = Change(kept.pk, change_id, kept.stage, kept.stage, at, cycle)
    write_history([change], act=act, version=version)
    Lead.objects.filter(pk=kept.pk).update(cycle=cycle, last_change=change_id)
    return change_id
