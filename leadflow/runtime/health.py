"""Does LeadFlow answer, and do its PostgreSQL and Redis?"""

import os
from http.client import HTTPException
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.request import ProxyHandler, Request, build_opener

import psycopg2
import psycopg2.extensions
import redis

from leadflow.runtime import addresses, commands
from leadflow.runtime.errors import StartError

DJANGO_OPTIONS = {
    "ATOMIC_REQUESTS",
    "AUTOCOMMIT",
    "CONN_HEALTH_CHECKS",
    "CONN_MAX_AGE",
    "DISABLE_SERVER_SIDE_CURSORS",
}
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def site_url(host: str, port: int) -> str:
    """Return the address at which this machine reaches the web process."""
    reachable = ANY_ADDRESS.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def answers(url: str) -> bool:
    """Does the health page of LeadFlow at `url` say that all is well?"""
    request = Request(url + commands.HEALTH_PATH, headers=_host_header())
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):
        return False


def check_services() -> None:
    """Reach PostgreSQL and Redis, wherever they are; raises StartError naming what is down."""
    check_database(addresses.database_url())
    check_redis(addresses.redis_url())


def check_database(url: str) -> None:
    """Reach PostgreSQL at `url`; raises StartError."""
    try:
        connect_database(url).close()
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StartError(f"The PostgreSQL of DATABASE_URL cannot be reached: {reason}") from None


def connect_database(url: str) -> psycopg2.extensions.connection:
    """Connect to a DATABASE_URL, which may carry options that are Django's and not libpq's."""
    parts = urlsplit(url)
    options = [pair for pair in parse_qsl(parts.query) if pair[0].upper() not in DJANGO_OPTIONS]
    address = parts._replace(scheme="postgresql", query=urlencode(options))
    return psycopg2.connect(urlunsplit(address), connect_timeout=5)


def check_redis(url: str) -> None:
    """Reach Redis at `url`; raises StartError."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StartError(f"The Redis of REDIS_URL cannot be reached: {error}") from None


def _host_header() -> dict[str, str]:
    """Speak to the first name that ALLOWED_HOSTS takes, when it no longer takes local names."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return {"Host": first} if first and first != "*" else {}
