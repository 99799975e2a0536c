"""The real web server on the database of the benchmarks, and a client that keeps its connection."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from leadflow.core.models import ApiToken, Role, Team, User
from leadflow.runtime import addresses, commands

PATIENCE = 60


class Client:
    """One person's program: a key and one kept connection."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, said: Any = None) -> int:
        """Send JSON; returns the status, after all of the answer has come."""
        self.line.request("POST", path, json.dumps(said or {}), self.headers)
        answer = self.line.getresponse()
        answer.read()
        return answer.status


@contextmanager
def serving(*, target: str = "", **settings: str) -> Iterator[Client]:
    """Start the web server on this process' database, with another `target` a program of the
    benchmarks in its place; ends it afterwards."""
    port = _free_port()
    name = connection.settings_dict["NAME"]
    url = addresses.database_url().replace(f"/{addresses.DATABASE}?", f"/{name}?")
    environment = os.environ | {
        "DATABASE_URL": url,
        "NUDGES": "0",
        "ALLOWED_HOSTS": "*",
        **settings,
    }
    command = commands.web(host="127.0.0.1", port=port)
    process = subprocess.Popen(
        [*command[:-1], target] if target else command,
        cwd=addresses.PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield Client(port, _key())
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def _key() -> str:
    manager = User.objects.filter(role=Role.MANAGER).first() or User.objects.create_user(
        "bench@example.com", name="Bench", role=Role.MANAGER, team=Team.objects.first()
    )
    return ApiToken.objects.issue(user=manager, name="benchmark")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port} after {PATIENCE} s")
