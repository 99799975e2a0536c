"""Places where apps plug in what the lead pages and conditions show of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, UniqueConstraint

from leadflow.core.registry import Registry


@dataclass(frozen=True)
class Panel:
    """A box on the record page: `load(lead, user)` gives its template's context, None hides it."""

    title: str
    template: str
    load: Callable[[Any, Any], Mapping[str, Any] | None]
    side: str = "right"  # left (facts), right (actions)
    order: int = 50


@dataclass(frozen=True)
class LeadAction:
    """Something to do with one lead, in the menu “More” of its page.

    The address of `url_name` takes `lead_id`; it asks in a dialog through htmx, or on a page of its own.
    Who lacks `permission` (as in `has_perm`) does not see it, nor is it there where `fits(lead)` is false.
    """

    label: str
    icon: str
    url_name: str
    permission: str
    order: int = 50
    asks_in_dialog: bool = True
    is_harsh: bool = False
    fits: Callable[[Any], bool] = lambda lead: True


@dataclass(frozen=True)
class ConditionField:
    """A field that conditions may use; `path` is its ORM lookup from the lead.

    `kind` is number, text, choice, set or known; `moves_with_time` tells that its truth changes without
    an event.
    """

    label: str
    kind: str
    path: str
    choices: Callable[[], list[tuple[str, str]]] | None = None
    moves_with_time: bool = False


# Called inside the transaction with the ids of offers whose answer is being taken back, before the
# offers change: whatever a higher app keeps of the answer has to go.
AnswerKeeper = Callable[[Sequence[int]], None]


@dataclass(frozen=True)
class Unique:
    """Columns that are unique together with the lead, among the rows of which `where` is true."""

    columns: tuple[str, ...]
    where: Q


@dataclass(frozen=True)
class PersonTable:
    """A table that holds something about a person, and what merging, erasing and exporting do to it.

    `lead` is the path from its rows to the lead. Where that is a column of its own (no "__"), a merge
    gives the rows to the lead that is kept; of those that would break one of `uniques` the row of the
    lead that goes is set aside until the merge is undone. `stays` tells of tables that a merge leaves
    alone: whoever merges makes their rows anew or closes them. Erasing writes `erased` (column → blank
    value or expression; an empty mapping keeps the rows as they are), or deletes the rows where it is
    None. `exported` names what the person gets to read: output name → ORM path; empty where the rows
    tell nothing that other tables do not. `cycle` is the column that counts the cycles of the lead: a
    merge numbers them anew.
    """

    model: type[Any]
    label: str
    exported: Mapping[str, str]
    erased: Mapping[str, Any] | None
    lead: str = "lead"
    stays: bool = False
    cycle: str = ""

    @property
    def uniques(self) -> list[Unique]:
        """What the database allows once per lead, as its constraints say."""
        meta = self.model._meta
        found = []
        if "__" not in self.lead and meta.get_field(self.lead).unique:
            found.append(Unique((), Q()))
        found += [
            Unique(tuple(c.fields), c.condition or Q())
            for c in meta.constraints
            if isinstance(c, UniqueConstraint)
        ]
        found += [Unique(tuple(names), Q()) for names in meta.unique_together]
        return [
            Unique(tuple(name for name in one.columns if name != self.lead), one.where)
            for one in found
            if (self.lead in one.columns or not one.columns) and meta.pk.name not in one.columns
        ]


@dataclass(frozen=True)
class MergeRule:
    """What has to be put right before the rows of one lead go over to another.

    `run(kept_id, gone_id, at)` is called inside the transaction of the merge, with both leads locked.
    Rows of `tables` (names among `person_tables`) that it changes, adds or deletes are as they were
    when the merge is undone.
    """

    tables: tuple[str, ...]
    run: Callable[[int, int, datetime], None]


# Called inside the transaction with the ids of leads that are being erased and the time, before their
# rows are blanked: whatever a higher app has under way for them stops.
Stopper = Callable[[Sequence[int], datetime], None]
# Tells in a sentence why an address gets no marketing mail; "" where nothing keeps it from it
AddressCheck = Callable[[str], str]


person_tables: Registry[PersonTable] = Registry("what is kept about people")
lead_panels: Registry[Panel] = Registry("the record page")
lead_actions: Registry[LeadAction] = Registry("the acts on the record page")
condition_fields: Registry[ConditionField] = Registry("the condition language")
# Where a stage is named by its key: each tells, in words, what would break without it
stage_uses: Registry[Callable[[str], list[str]]] = Registry("the uses of a stage")
erasure_stoppers: Registry[Stopper] = Registry("what stops for people who are erased")
address_checks: Registry[AddressCheck] = Registry("why an address stays silent")
answer_keepers: Registry[AnswerKeeper] = Registry("taking answers back")
merge_rules: Registry[MergeRule] = Registry("the rules of merging")
