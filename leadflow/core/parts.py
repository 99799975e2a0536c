"""Places where apps plug in what the lead pages and conditions show of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, UniqueConstraint

from leadflow.core.events import Event
from leadflow.core.registry import Registry

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Panel:
    """A box on a record page: `load(lead, user)` gives its template's context, None hides it."""

    title: str
    template: str
    load: Callable[[Any, Any], Mapping[str, Any] | None]
    side: str = "right"  # left (facts), right (actions)
    order: int = 50


Choices = Callable[[], list[tuple[str, str]]]


@dataclass(frozen=True)
class Rows:
    """Rows that belong to leads: all of them, the path from a row to its lead, and its time.

    The path leads to the lead's `key`: its id, or the column by which the lead names the row. `time`
    is the column that says when; it holds whole days where `has_days` is set.
    """

    all: Callable[[], "QuerySet[Any]"]
    lead: str = "lead"
    key: str = "pk"
    time: str = ""
    has_days: bool = False


@dataclass(frozen=True)
class Detail:
    """What a count of rows may be narrowed by: `narrow` turns what is said into a filter over rows.

    `words` go before the values in a sentence; without `choices` there is one value, free text.
    """

    label: str
    words: str
    narrow: Callable[[list[str]], Q]
    choices: Choices | None = None
    former: Choices | None = None


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
    """A field that conditions may use: where its value is, what may be asked, when its truth changes.

    `kind` is number, text, choice, set, known, flag, date, attribute or count. The value is at `path`
    from the lead, or from each of its `rows`; `expression` computes it instead, and `holds` answers
    yes or no. `events` may change the truth of a condition on it. A date on the lead itself names in
    `moments` the rows that tell whose date lies between two moments. `former` are values that are
    no longer offered; conditions that name them stay readable. `says` begins a sentence (the label
    unless it is given); `phrases` replace subject and operator of some operators; `without` names
    operators of the kind that make no sense here.
    """

    label: str
    kind: str
    path: str = ""
    choices: Choices | None = None
    group: str = "Other"
    former: Choices | None = None
    says: str = ""
    phrases: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    events: tuple[type[Event], ...] = ()
    rows: Rows | None = None
    moments: Rows | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    expression: Callable[[], Any] | None = None
    holds: Callable[[], Any] | None = None
    reads: Callable[[str], Any] = str

    @property
    def subject(self) -> str:
        """How a sentence about this field begins."""
        return self.says or self.label


@dataclass(frozen=True)
class ConditionFamily:
    """Fields that come and go with the data: `in_use` names those of now, `make` gives one of them."""

    group: str
    in_use: Callable[[], list[str]]
    make: Callable[[str], ConditionField]


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
# The same on the page of a company: `load(company, user)`
company_panels: Registry[Panel] = Registry("the page of a company")
lead_actions: Registry[LeadAction] = Registry("the acts on the record page")
condition_fields: Registry[ConditionField] = Registry("the condition language")
# The field “attribute.budget” is the member “budget” of the family “attribute”
condition_families: Registry[ConditionFamily] = Registry("the families of the condition language")
# Where segments are used: each tells, in words by the key of a segment, what would break without it
segment_uses: Registry[Callable[[], Mapping[str, list[str]]]] = Registry("the uses of segments")
# Where a stage is named by its key: each tells, in words, what would break without it
stage_uses: Registry[Callable[[str], list[str]]] = Registry("the uses of a stage")
erasure_stoppers: Registry[Stopper] = Registry("what stops for people who are erased")
address_checks: Registry[AddressCheck] = Registry("why an address stays silent")
answer_keepers: Registry[AnswerKeeper] = Registry("taking answers back")
merge_rules: Registry[MergeRule] = Registry("the rules of merging")
