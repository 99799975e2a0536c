"""Where LeadFlow keeps its data and where its PostgreSQL and Redis are. Starts nothing."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "leadflow"
POSTGRES_PORT = 5432  # only names the socket; said aloud so that a PGPORT around us changes nothing
SOCKET_PATH_LIMIT = 100  # the kernel allows 107 bytes, macOS 103


def home() -> Path:
    """Return the data folder: LEADFLOW_HOME, or `.leadflow` in the project."""
    chosen = os.environ.get("LEADFLOW_HOME")
    return (Path(chosen).expanduser() if chosen else PROJECT / ".leadflow").resolve()


def database_url() -> str:
    """Return DATABASE_URL, or the address of the embedded PostgreSQL."""
    return os.environ.get("DATABASE_URL") or embedded_database_url(home())


def redis_url() -> str:
    """Return REDIS_URL, or the address of the embedded Redis, as redis-py reads it."""
    return os.environ.get("REDIS_URL") or embedded_redis_url(home())


def broker_url() -> str:
    """Return BROKER_URL, or the Redis address in the form Celery wants."""
    url = os.environ.get("BROKER_URL") or redis_url()
    return "redis+socket://" + url.removeprefix("unix://") if url.startswith("unix://") else url


def embedded_database_url(home: Path) -> str:
    """Return the address of the PostgreSQL of `home`; libpq and django-environ both read it."""
    host = quote(str(postgres_socket_folder(home)), safe="")
    return f"postgres://{DATABASE}@:{POSTGRES_PORT}/{DATABASE}?host={host}"


def embedded_redis_url(home: Path) -> str:
    """Return the address of the Redis of `home`."""
    return f"unix://{quote(str(redis_socket(home)))}"


def postgres_socket_folder(home: Path) -> Path:
    """Return the folder of PostgreSQL's socket, the only way in."""
    return socket_folder(home) / "pg"


def redis_socket(home: Path) -> Path:
    """Return Redis' socket, the only way in."""
    return socket_folder(home) / "redis.sock"


def socket_folder(home: Path) -> Path:
    """Return `run` of the data folder, or a short stand-in when socket paths would be too long."""
    folder = home / "run"
    if len(os.fsencode(folder / "pg" / f".s.PGSQL.{POSTGRES_PORT}")) <= SOCKET_PATH_LIMIT:
        return folder
    # Not TMPDIR: every process must come to the same answer, whatever its environment.
    return Path("/tmp") / f"leadflow-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
