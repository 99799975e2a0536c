"""How often one address may report: its share is taken in portions, so that few reports ask Redis."""

import time
from dataclasses import dataclass

from django.http import HttpRequest

from leads.views import limits

PARTS = 20  # the largest portion is this part of the share of an address
REFUSED_SECONDS = 1.0  # so long an address that was refused is not looked up again
MOST_ADDRESSES = 20_000


@dataclass
class _Portion:
    """What an address may still report through this process; none where it was refused more."""

    size: int
    left: int
    until: float

    @property
    def is_refusal(self) -> bool:
        """Whether there was none to be had."""
        return self.size == 0


_portions: dict[tuple[str, str], _Portion] = {}


def is_flooding(request: HttpRequest, kind: str) -> bool:
    """Whether this address has used up its share, as `limits.is_flooding`, for what comes very often.

    Each portion is twice as large as the one used up before it: who comes seldom takes no more than
    they use.
    """
    key = kind, limits.client_address(request)
    now = time.monotonic()
    portion = _portions.get(key)
    if portion is None or now >= portion.until:
        portion = _take(key, 1, now)
    elif portion.left <= 0 and not portion.is_refusal:
        portion = _take(key, 2 * portion.size, now)
    portion.left -= 1
    return portion.is_refusal


def forget() -> None:
    """Give up all portions."""
    _portions.clear()


def _take(key: tuple[str, str], wanted: int, now: float) -> _Portion:
    """The next portion of an address: as much as is wanted and there."""
    size = min(wanted, max(1, limits.share_of(key[0]) // PARTS))
    if size > 1:
        size = max(1, min(size, limits.left_of(*key)))
    if limits.take(*key, cost=size):
        portion = _Portion(size, size, now + limits.retry_after(key[0]))
    else:
        portion = _Portion(0, 0, now + REFUSED_SECONDS)
    if len(_portions) >= MOST_ADDRESSES:
        _portions.clear()
    _portions[key] = portion
    return portion
