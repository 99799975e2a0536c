"""What a sweep must know to take steps: slots, content had, interests, blocked addresses."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from content.models import Asset, Product
from leadflow.core.fingerprints import fingerprint, fingerprints
from leadflow.core.models import Calendar
from leads.models import Lead
from nurture.engine.slots import SlotSpec
from nurture.models import Letter, Message, Slot, Suppression
from nurture.models.outgoing import HAD

PURPOSE = "nurture.suppression"


def slots_by_step(step_ids: Collection[int]) -> dict[int, list[SlotSpec]]:
    """Slots of steps, with the products their content is about."""
    slots = list(Slot.objects.filter(step__in=step_ids).select_related("asset").order_by("id"))
    through = Asset.products.through.objects.filter(asset__in={slot.asset_id for slot in slots})
    about: dict[int, set[int]] = defaultdict(set)
    for asset_id, product_id in through.values_list("asset_id", "product_id"):
        about[asset_id].add(product_id)
    found: dict[int, list[SlotSpec]] = defaultdict(list)
    for slot in slots:
        found[slot.step_id].append(
            SlotSpec(
                id=slot.pk,
                asset_id=slot.asset_id,
                asset_version=slot.asset.version,
                product_id=slot.product_id,
                persona=slot.persona,
                about=frozenset(about[slot.asset_id]),
            )
        )
    return found


def had_content(lead_ids: Collection[int]) -> dict[int, set[tuple[int, int]]]:
    """Marketing content per lead as (asset, version): what they got, may have got, or will get."""
    had: dict[int, set[tuple[int, int]]] = defaultdict(set)
    messages = Message.objects.filter(lead__in=lead_ids, is_marketing=True, state__in=HAD)
    letters = Letter.objects.filter(lead__in=lead_ids, state__in=["waiting", "printing", "printed"])
    for rows in (messages, letters):
        for lead_id, asset_id, version in rows.order_by().values_list(
            "lead_id", "asset_id", "asset_version"
        ):
            had[lead_id].add((asset_id, version))
    return had


def products_by_lead(lead_ids: Collection[int]) -> dict[int, list[Product]]:
    """Products each lead is interested in, by name."""
    through = Lead.products.through.objects.filter(lead__in=lead_ids).select_related("product")
    found: dict[int, list[Product]] = defaultdict(list)
    for row in through.order_by("product__name", "product_id"):
        found[row.lead_id].append(row.product)
    return found


def hash_address(address: str) -> str:
    """The keyed hash under which an address is suppressed."""
    return fingerprint(_plain(address), purpose=PURPOSE)


def hash_addresses(addresses: Collection[str]) -> dict[str, str]:
    """Addresses by the hashes under which they may be suppressed, by older keys, too."""
    return fingerprints({_plain(address) for address in addresses if address}, purpose=PURPOSE)


def _plain(address: str) -> str:
    return address.strip().lower()


def suppressed(addresses: Collection[str]) -> dict[str, tuple[str, datetime]]:
    """Blocked ones among `addresses`: address → (reason, since when)."""
    by_hash = hash_addresses(addresses)
    rows = Suppression.objects.filter(address_hash__in=by_hash)
    found = {by_hash[row.address_hash]: (row.reason, row.at) for row in rows}
    return {address: found[_plain(address)] for address in addresses if _plain(address) in found}


def suppression_words(address: str) -> str:
    """Why an address gets no marketing mail, in a sentence; "" when it is not blocked."""
    found = suppressed([address]).get(address)
    if found is None:
        return ""
    reason, since = found
    return f"Blocked for marketing e-mails since {since:%-d %B %Y}: {Suppression.Reason(reason).label.lower()}."


def time_zone() -> str:
    """The zone whose days a program counts."""
    found = Calendar.objects.filter(key="default").values_list("time_zone", flat=True).first()
    return found or "UTC"
