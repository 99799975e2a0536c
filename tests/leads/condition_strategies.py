"""Random conditions over the world of the oracle: every field, every operator, nested and negated."""

from typing import Any

from hypothesis import strategies as st

from leadflow.core.models import User
from leadflow.core.parts import condition_fields
from leads.engine.conditions import find_field, operators_of
from tests.leads.oracle import KEYS, KINDS, TEXTS

CHOICES: dict[str, tuple[str, ...]] = {
    "grade": ("A1", "C3", "B2"),
    "stage": ("inquiry", "mql"),
    "owner_team": KEYS["team"],
    "territory": KEYS["territory"],
    "persona": ("unknown", "decision_maker"),
    "country": ("DE", "SE", "FR"),
    "company_country": ("DE", "FR"),
    "campaign": KEYS["campaign"],
    "product": KEYS["product"],
    "visited": KEYS["campaign"],
    "invited": KEYS["campaign"],
    "registered": KEYS["campaign"],
    "attended": KEYS["campaign"],
    "tag": KEYS["tag"],
    "segment": KEYS["segment"],
}
NUMBERS = st.one_of(st.integers(-3, 12), st.sampled_from([50, 99.5, 2.5, -1.5, 500, 10**20]))
PIECES = st.sampled_from(
    [text for text in TEXTS if text] + ["a", "ä", "%", "_", "MANAGER", "acme", "5"]
)
DAYS = st.integers(1, 60)
DATES = st.sampled_from(["2026-03-03", "2026-03-06", "2026-02-28", "2026-01-15", "2026-02-10"])
EVERY_FIELD = (
    *sorted(
        name for name, _ in condition_fields.items() if name not in {"program", "win_probability"}
    ),
    "attribute.budget",
)


def _choices_of(name: str) -> tuple[str, ...]:
    if name == "owner":
        return tuple(str(pk) for pk in User.objects.order_by("pk").values_list("pk", flat=True))
    return CHOICES[name]


@st.composite
def questions(draw: Any) -> dict[str, Any]:
    """One question about one field."""
    name = draw(st.sampled_from(EVERY_FIELD))
    if name == "activities":
        return draw(counts())
    op = draw(st.sampled_from(sorted(operators_of(find_field(name)))))
    said = {"field": name, "op": op}
    takes = operators_of(find_field(name))[op].takes
    if takes == "nothing":
        return said
    value: Any = {"number": NUMBERS, "text": PIECES, "days": DAYS, "day": DATES}.get(takes)
    if takes == "choice":
        value = st.sampled_from(_choices_of(name))
    elif takes == "choices":
        value = st.lists(st.sampled_from(_choices_of(name)), unique=True, max_size=2)
    return said | {"value": draw(value)}


@st.composite
def counts(draw: Any) -> dict[str, Any]:
    """A count of activities, narrowed or not."""
    some = lambda keys: st.lists(st.sampled_from(keys), unique=True, max_size=2)  # noqa: E731
    return {
        "field": "activities",
        "op": draw(st.sampled_from(["at_least", "at_most", "exactly"])),
        "value": draw(st.integers(0, 4)),
        "days": draw(st.none() | DAYS),
        "kinds": draw(some(KINDS)),
        "asset": draw(some(KEYS["asset"])),
        "campaign": draw(some(KEYS["campaign"])),
        "product": draw(some(KEYS["product"])),
        "title": draw(st.sampled_from(["", "", "manager", "%_"])),
    }


def conditions() -> Any:
    """Nested conditions of up to a dozen questions."""
    return st.recursive(
        questions(),
        lambda parts: st.one_of(
            st.builds(lambda several: {"all": several}, st.lists(parts, max_size=3)),
            st.builds(lambda several: {"any": several}, st.lists(parts, max_size=3)),
            st.builds(lambda part: {"not": part}, parts),
        ),
        max_leaves=12,
    )
