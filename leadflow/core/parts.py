"""Places where apps plug in what the lead pages and conditions show of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadflow.core.events import Event
from leadflow.core.registry import Registry

if TYPE_CHECKING:
    from django.db.models import Q, QuerySet


@dataclass(frozen=True)
class Panel:
    """A box on the record page: `load(lead, user)` gives its template's context, None hides it."""

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
    narrow: "Callable[[list[str]], Q]"
    choices: Choices | None = None
    former: Choices | None = None


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
    """Fields that come and go with the data: `keys` are those in use now, `make` gives one of them."""

    group: str
    keys: Callable[[], list[str]]
    make: Callable[[str], ConditionField]


# Called inside the transaction with the ids of offers whose answer is being taken back, before the
# offers change: whatever a higher app keeps of the answer has to go.
AnswerKeeper = Callable[[Sequence[int]], None]


@dataclass(frozen=True)
class PersonTable:
    """A table that holds something about a person, and what merging, erasing and exporting do to it.

    `lead` is the path from its rows to the lead. Where that is a column of its own (no "__"), a merge
    gives the rows to the lead that is kept; of those that would break `unique` (columns that are unique
    together with the lead, under `unique_where`) the row of the lead that goes is set aside until the
    merge is undone. Erasing writes `erased` (column → blank value), or deletes the rows where it is
    None. `exported` names what the person gets to read: output name → ORM path.
    """

    model: type[Any]
    label: str
    exported: Mapping[str, str]
    erased: Mapping[str, Any] | None
    lead: str = "lead"
    unique: tuple[str, ...] | None = None
    unique_where: Mapping[str, Any] = field(default_factory=dict)


person_tables: Registry[PersonTable] = Registry("what is kept about people")
lead_panels: Registry[Panel] = Registry("the record page")
condition_fields: Registry[ConditionField] = Registry("the condition language")
# The field “attribute.budget” is the member “budget” of the family “attribute”
condition_families: Registry[ConditionFamily] = Registry("the families of the condition language")
# Where segments are used: each tells, in words by the key of a segment, what would break without it
segment_uses: Registry[Callable[[], Mapping[str, list[str]]]] = Registry("the uses of segments")
# Where a stage is named by its key: each tells, in words, what would break without it
stage_uses: Registry[Callable[[str], list[str]]] = Registry("the uses of a stage")
answer_keepers: Registry[AnswerKeeper] = Registry("taking answers back")
