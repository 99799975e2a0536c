"""The filters of the list of leads: what stands in the bar, what one opens, and what each offers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from leadflow.core.models import User
from leads import queries
from leads.models import Campaign, Segment, Tag, Territory
from leads.queries.params import Params, parts

Pairs = list[tuple[str, str]]
MOST_OFFERED = 300
NONE = ("__none", "None")
GRADES = [(letter, f"{letter} · any") for letter in "ABC"] + [
    (f"{letter}{digit}", f"{letter}{digit}") for letter in "ABC" for digit in "123"
]


def _people() -> Pairs:
    people = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
    fixed = [("me", "Me"), ("nobody", "Nobody")]
    return fixed + [(str(pk), name) for pk, name in people[:MOST_OFFERED]]


def _campaigns() -> Pairs:
    rows = Campaign.objects.order_by("is_archived", "name").values_list("key", "name")
    return [*rows[:MOST_OFFERED], NONE]


OFFERED: dict[str, tuple[str, Callable[[], Pairs]]] = {
    "stage": ("Stage", queries.stage_choices),
    "owner": ("Owner", _people),
    "grade": ("Grade", lambda: GRADES),
    "source": ("Source", queries.listed_sources),
    "campaign": ("Campaign", _campaigns),
    "product": ("Product", lambda: [*queries.product_choices(), NONE]),
    "persona": ("Persona", queries.persona_choices),
    "country": ("Country", queries.country_choices),
    "territory": ("Territory", lambda: [*Territory.objects.values_list("key", "name"), NONE]),
    "tag": ("Tag", lambda: [*Tag.objects.values_list("key", "name")[:MOST_OFFERED], NONE]),
    "segment": (
        "Segment",
        lambda: list(Segment.objects.filter(archived_at=None).values_list("key", "name")),
    ),
}
BAR = ("stage", "owner", "grade", "source")
MORE = ("campaign", "product", "persona", "country", "territory", "tag", "segment")
RANGES = (
    ("Score", "number", "score_from", "score_to"),
    ("Came", "date", "from", "to"),
    ("Last activity", "date", "active_from", "active_to"),
    ("In this stage since", "date", "since_from", "since_to"),
)
OTHERS = ("company", "quiet", "phone", "email")
IN_THE_BAR = frozenset({"q", "sort", *BAR})
IN_MORE = frozenset({*MORE, *OTHERS, *(name for _, _, *ends in RANGES for name in ends)})
ANSWERS = [("yes", "known"), ("no", "not known")]


@dataclass(frozen=True)
class Choices:
    """Values to choose from, several at once."""

    name: str
    label: str
    options: Pairs
    chosen: list[str]


@dataclass(frozen=True)
class Span:
    """Two ends to fill in."""

    label: str
    kind: str
    names: tuple[str, str]
    values: tuple[str, str]


@dataclass(frozen=True)
class Filters:
    """What a part of the form shows."""

    choices: list[Choices]
    spans: list[Span] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def bar_filters(params: Params) -> Filters:
    """The filters that are always there."""
    return Filters([_choices(name, params) for name in BAR])


def more_filters(params: Params) -> Filters:
    """All others."""
    spans = [
        Span(label, kind, (first, last), (params.get(first, ""), params.get(last, "")))
        for label, kind, first, last in RANGES
    ]
    values = {name: params.get(name, "") for name in OTHERS}
    return Filters([_choices(name, params) for name in MORE], spans, values)


def _choices(name: str, params: Params) -> Choices:
    """What one filter offers; a value that is chosen is offered whatever else is."""
    label, offer = OFFERED[name]
    options, chosen = offer(), parts(params.get(name, ""), name)
    known = {value for value, _ in options}
    missing = [(value, value) for value in chosen if value not in known]
    return Choices(name, label, options + missing, chosen)
