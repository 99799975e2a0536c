"""How often one address, and one network, may post to the public pages."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

T = TypeVar("T")
logger = logging.getLogger(__name__)

SECONDS_WITHOUT_REDIS = 30
MOST_PROXIES = 20  # longer chains are made up

_memory = FixedWindowRateLimiter(MemoryStorage())
_redis_back_at = 0.0


def is_flooding(request: HttpRequest, kind: str) -> bool:
    """Whether this address or its network has used up its share."""
    return not take(kind, client_address(request))


def take(kind: str, address: str, *, cost: int = 1) -> bool:
    """Take `cost` of what an address and its network may do; False when one has not so much left."""
    if not _hit(_rate(kind), kind, address, cost=cost):
        return False
    wide = f"{kind}_network"
    return _hit(_rate(wide), wide, network_of(address), cost=cost)


def left_of(kind: str, address: str) -> int:
    """How much of their shares an address and its network have left."""
    wide = f"{kind}_network"
    names = ((kind, address), (wide, network_of(address)))
    return min(_left(_rate(one), one, name) for one, name in names)


def share_of(kind: str) -> int:
    """How often one address may come in the time of its limit."""
    return int(_rate(kind).amount)


def retry_after(kind: str) -> int:
    """Seconds until somebody who was flooding may try again, at the latest."""
    return int(_rate(kind).get_expiry())


def is_too_big(request: HttpRequest, most_bytes: int) -> bool:
    """Whether the body says it is longer than it may be; nothing of it has been read yet."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > most_bytes


def client_address(request: HttpRequest) -> str:
    """Who sent this: the nearest address that is no proxy of ours.

    What X-Forwarded-For says counts only as far as proxies of TRUSTED_PROXIES wrote it.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    trusted = tuple(settings.TRUSTED_PROXIES)
    if not trusted or not _is_proxy(address, trusted):
        return address
    said = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    for part in reversed(said[-MOST_PROXIES:]):
        if not _is_address(part.strip()):
            break
        address = part.strip()
        if not _is_proxy(address, trusted):
            break
    return address


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """The network around an address: /24, or /64 where one customer has that many; itself for none."""
    try:
        number = ip_address(address)
    except ValueError:
        return address
    number = getattr(number, "ipv4_mapped", None) or number
    return str(ip_network(f"{number}/{24 if number.version == 4 else 64}", strict=False))


@lru_cache(maxsize=10_000)
def _is_proxy(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        number = ip_address(address)
    except ValueError:
        return False
    number = getattr(number, "ipv4_mapped", None) or number
    return any(number in network for network in _networks(trusted))


@cache
def _networks(trusted: tuple[str, ...]) -> Sequence[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in trusted]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@cache
def _parsed(text: str) -> RateLimitItem:
    return parse(text)


def _rate(kind: str) -> RateLimitItem:
    return _parsed(settings.RATE_LIMITS[kind])


def _hit(rate: RateLimitItem, *names: str, cost: int = 1) -> bool:
    return _ask(lambda limiter: limiter.hit(rate, *names, cost=cost))


def _left(rate: RateLimitItem, *names: str) -> int:
    return _ask(lambda limiter: limiter.get_window_stats(rate, *names).remaining)


def _ask(question: Callable[[FixedWindowRateLimiter], T]) -> T:
    """Count in Redis, so that all web processes share it; in this process while Redis is away."""
    global _redis_back_at
    if time.monotonic() >= _redis_back_at:
        try:
            return question(FixedWindowRateLimiter(_redis()))
        except Exception:  # noqa: BLE001  (an absent Redis fails in many ways; counting goes on without)
            logger.info("Redis is not there; addresses are counted in this process")
            _redis_back_at = time.monotonic() + SECONDS_WITHOUT_REDIS
    return question(_memory)


@cache
def _redis() -> RedisStorage:
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "redis+unix://")
    return RedisStorage(url, socket_timeout=0.5, socket_connect_timeout=0.5)
