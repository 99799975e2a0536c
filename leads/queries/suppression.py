"""Who asked to be forgotten: known by keyed hashes of their addresses, and by nothing else."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from leadflow.core.fingerprints import fingerprint, fingerprints
from leads.engine.identity import provider_key
from leads.models import Lead, Suppression

KEYS = ("email", "phone", "external_id")
PURPOSE = "leads.suppression"
Key = tuple[str, str]  # which fact, and its normalised value


def keys_of(facts: Mapping[str, Any]) -> list[Key]:
    """All by which a person with these facts could come back."""
    return [(name, facts[name]) for name in KEYS if facts.get(name)]


def suppressed_keys(keys: Iterable[Key]) -> set[Key]:
    """Those of `keys` that belong to people who asked to be forgotten; two queries at most."""
    if not Suppression.objects.exists():
        return set()
    aliases: dict[str, set[Key]] = {}
    for key in keys:
        aliases.setdefault(_text(key), set()).add(key)
    by_digest = fingerprints(aliases.keys(), purpose=PURPOSE)
    known = Suppression.objects.filter(digest__any=frozenset(by_digest))
    found = known.values_list("digest", flat=True)
    return {key for digest in found for key in aliases[by_digest[digest]]}


def suppressed_leads(lead_ids: Collection[int]) -> set[int]:
    """Those of `lead_ids` with an address that must stay silent."""
    if not Suppression.objects.exists():
        return set()
    keys = {
        lead_id: keys_of(dict(zip(KEYS, values, strict=True)))
        for lead_id, *values in Lead.objects.filter(pk__in=list(lead_ids)).values_list("pk", *KEYS)
    }
    found = suppressed_keys({key for mine in keys.values() for key in mine})
    return {lead_id for lead_id, mine in keys.items() if found.intersection(mine)}


def digest_of(key: Key) -> str:
    """What is kept of an address that must stay silent."""
    return fingerprint(_text(key), purpose=PURPOSE)


def digests_of(keys: Iterable[Key]) -> list[str]:
    """The digests under which `keys` may be kept, under older secrets, too."""
    return list(fingerprints({_text(key) for key in keys}, purpose=PURPOSE))


def _text(key: Key) -> str:
    """Aliases of one mailbox are one address, whatever the setting for matching says."""
    name, value = key
    return f"{name}:{provider_key(value) if name == 'email' else value}"
