"""DATABASE_URL and REDIS_URL point LeadFlow at other servers, over TCP, and all of its core works there."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadflow.runtime import folders
from leadflow.runtime.postgres import Postgres
from leadflow.runtime.redis_server import Redis
from tests.runtime.machine import run

CORE = ("tests/core/test_outbox.py", "tests/leads/test_verbs.py", "tests/leads/test_imports.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Redis that listen on ports, as an operator's would."""
    home = tmp_path / "elsewhere"
    folders.prepare(home)
    postgres, redis = Postgres(home, durable=False), Redis(home, durable=False)
    ports = {"postgres": str(free_port()), "redis": str(free_port())}
    listen = {"listen_addresses": "127.0.0.1", "port": ports["postgres"]}
    postgres.settings = postgres.settings | listen
    postgres.url = f"postgres://leadflow@127.0.0.1:{ports['postgres']}/leadflow"
    redis.settings = redis.settings | {"bind": "127.0.0.1", "port": ports["redis"]}
    try:
        for server in (postgres, redis):
            server.launch()
            server.wait_ready(print)
        yield {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        }
    finally:
        redis.stop()
        postgres.stop()


def test_the_core_of_the_suite_passes_on_them(servers: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own"

    done = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
        *("-o", "addopts=-p tests.services", *CORE),
        home=own,
        **servers,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    assert not (own / "postgres").exists()
    assert not (own / "redis").exists()
