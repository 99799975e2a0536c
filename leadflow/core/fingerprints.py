"""Keyed hashes of addresses: they tell whether we know one without being readable."""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings


def fingerprint(text: str, *, purpose: str) -> str:
    """HMAC-SHA-256 of `text` in hexadecimal, by the newest of SUPPRESSION_KEYS."""
    return _digest(text, _derive(purpose, settings.SUPPRESSION_KEYS[0]))


def fingerprints(texts: Iterable[str], *, purpose: str) -> dict[str, str]:
    """Texts by their fingerprints under every key of SUPPRESSION_KEYS, the older ones too."""
    keys = [_derive(purpose, secret) for secret in settings.SUPPRESSION_KEYS]
    return {_digest(text, key): text for text in texts for key in keys}


@lru_cache(maxsize=100)
def _derive(purpose: str, secret: str) -> bytes:
    """The key of one purpose, as Django's `salted_hmac` makes it: each table has hashes of its own."""
    return hashlib.sha256(purpose.encode() + secret.encode()).digest()


def _digest(text: str, key: bytes) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
