"""How often one address may post to the public pages."""

import logging
import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

logger = logging.getLogger(__name__)

SECONDS_WITHOUT_REDIS = 30

_memory = FixedWindowRateLimiter(MemoryStorage())
_redis_back_at = 0.0


def is_flooding(request: HttpRequest, kind: str) -> bool:
    """Whether this address has used up its share; the connection's own address alone counts."""
    address = request.META.get("REMOTE_ADDR", "")
    return not take(kind, address)


def take(kind: str, address: str, *, cost: int = 1) -> bool:
    """Take `cost` of the share of an address; False when it has not so much left."""
    return _hit(_rate(kind), kind, address, cost=cost)


def share_of(kind: str) -> int:
    """How often one address may come in the time of its limit."""
    return int(_rate(kind).amount)


def is_too_big(request: HttpRequest, most_bytes: int) -> bool:
    """Whether the body says it is longer than it may be; nothing of it has been read yet."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > most_bytes


def _rate(kind: str) -> RateLimitItem:
    return parse(settings.RATE_LIMITS[kind])


def _hit(rate: RateLimitItem, *names: str, cost: int = 1) -> bool:
    """Count in Redis, so that all web processes share it; in this process while Redis is away."""
    global _redis_back_at
    if time.monotonic() >= _redis_back_at:
        try:
            return FixedWindowRateLimiter(_redis()).hit(rate, *names, cost=cost)
        except Exception:  # noqa: BLE001  (an absent Redis fails in many ways; counting goes on without)
            logger.info("Redis is not there; addresses are counted in this process")
            _redis_back_at = time.monotonic() + SECONDS_WITHOUT_REDIS
    return _memory.hit(rate, *names, cost=cost)


@cache
def _redis() -> RedisStorage:
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "redis+unix://")
    return RedisStorage(url, socket_timeout=0.5, socket_connect_timeout=0.5)
