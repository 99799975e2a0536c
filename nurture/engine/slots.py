"""Which content a lead gets in a step: the most specific slot that fits and is new to them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SlotSpec:
    """Content for a case: product and persona (None and "" mean any), and what it is about."""

    id: int
    asset_id: int
    asset_version: int
    product_id: int | None = None
    persona: str = ""
    about: frozenset[int] = frozenset()  # products of the asset; none: of every product


@dataclass(frozen=True)
class Choice:
    """The slot that won, or the reason why none did."""

    slot: SlotSpec | None
    reason: str = ""


def choose(
    slots: Iterable[SlotSpec],
    *,
    products: Collection[int],
    persona: str,
    had: Collection[tuple[int, int]] = (),
) -> Choice:
    """The best slot: product and persona before product before persona before default.

    Content about other products never fits a lead who named one; versions in `had` are not repeated.
    """
    fitting = [slot for slot in slots if fits(slot, products=products, persona=persona)]
    if not fitting:
        return Choice(None, "No content fits this person.")
    new = [slot for slot in fitting if (slot.asset_id, slot.asset_version) not in had]
    if not new:
        return Choice(None, "They have had this content already.")
    return Choice(ranked(new)[0])


def fits(slot: SlotSpec, *, products: Collection[int], persona: str) -> bool:
    """Whether the case of a slot and what its content is about suit a lead."""
    if slot.product_id is not None and slot.product_id not in products:
        return False
    if slot.persona and slot.persona != persona:
        return False
    return not (slot.about and products and slot.about.isdisjoint(products))


def ranked(slots: Iterable[SlotSpec]) -> Sequence[SlotSpec]:
    """Slots from the most to the least specific; the older one first among equals."""
    return sorted(slots, key=lambda slot: (slot.product_id is None, not slot.persona, slot.id))
