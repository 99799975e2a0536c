"""up_seconds: from `make up` to the first answer, dependencies installed, on an empty data folder."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench.figures import benchmark, report

PROJECT = Path(__file__).resolve().parents[2]
RUNS = 3
PATIENCE = 120
OWN = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "LEADFLOW_HOME", "NUDGES")


@benchmark
def up_seconds(count: int) -> None:
    """Seconds until the first page answers; the size does not matter."""
    report("up_seconds", [_start_once() for _ in range(RUNS)], unit="s", goal=15, better="lower")


def _start_once() -> float:
    with tempfile.TemporaryDirectory(dir=PROJECT / ".leadflow") as home:
        port = _free_port()
        environment = {k: v for k, v in os.environ.items() if k not in OWN}
        environment |= {"LEADFLOW_HOME": home, "PORT": str(port), "DEMO": "0"}
        started = time.perf_counter()
        process = subprocess.Popen(
            ["make", "--silent", "up"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz")
            return time.perf_counter() - started
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {PATIENCE} s")
