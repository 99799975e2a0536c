"""How often one address may report: its share is taken in portions, so that few reports ask Redis."""

import time
from dataclasses import dataclass

from django.http import HttpRequest

from leads.views import limits

PARTS = 20  # of the share of an address: a process takes the next one when the last is used up
SECONDS = 5.0  # then what is left of a portion is given up
REFUSED_SECONDS = 1.0  # so long nobody is asked again
MOST_ADDRESSES = 20_000


@dataclass
class _Portion:
    """What an address may still report through this process; nothing where it was refused more."""

    left: int
    until: float


_portions: dict[tuple[str, str], _Portion] = {}


def is_flooding(request: HttpRequest, kind: str) -> bool:
    """Whether this address has used up its share, as `limits.is_flooding`, for what comes very often."""
    key = kind, limits.client_address(request)
    now = time.monotonic()
    portion = _portions.get(key)
    if portion is None or now >= portion.until:
        portion = _take(key, now)
    if portion.left <= 0:
        return True
    portion.left -= 1
    if portion.left <= 0:
        _portions.pop(key, None)
    return False


def forget() -> None:
    """Give up all portions."""
    _portions.clear()


def _take(key: tuple[str, str], now: float) -> _Portion:
    """Ask for the next portion of an address."""
    size = max(1, limits.share_of(key[0]) // PARTS)
    portion = _Portion(size, now + SECONDS)
    if not limits.take(*key, cost=size):
        portion = _Portion(0, now + REFUSED_SECONDS)
    if len(_portions) >= MOST_ADDRESSES:
        _portions.clear()
    _portions[key] = portion
    return portion
