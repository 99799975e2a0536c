"""Real processes for the runtime's tests: programs that use the services, and the launcher."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leadflow.runtime import addresses
from leadflow.runtime.processes import alive, wait_until

PROC = Path("/proc")
SERVICE_NAMES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")

USE_SERVICES = """
import sys
from leadflow.runtime import embedded
with embedded.ensure(durable=False):
    print("ready", flush=True)
    sys.stdin.read()
"""

# As root the tests become `nobody`; the capability only lets it pass folders closed to others.
AS_ORDINARY_USER = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


def give_to_ordinary_user(home: Path) -> None:
    """Hand a data folder to `nobody`."""
    for path in (home, *home.rglob("*")):
        os.chown(path, 65534, 65534)


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of somebody who has set up nothing but a data folder."""
    ours = {name: value for name, value in os.environ.items() if name not in SERVICE_NAMES}
    return {**ours, "LEADFLOW_HOME": str(home), "PYTHONPATH": str(addresses.PROJECT), **extra}


def run(*argv: str, home: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        argv,
        env=environment(home, **extra),
        cwd=addresses.PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
    )


def python(*arguments: str, home: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run Python with `arguments` to its end."""
    return run(sys.executable, *arguments, home=home, **extra)


def begin_use(home: Path, *, prefix: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
    """Start a program that uses the services until its standard input is closed."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", USE_SERVICES],
        env=environment(home),
        cwd=addresses.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def using(home: Path, *, prefix: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    """A program that uses the services of `home`, and has them when the block begins."""
    program = begin_use(home, prefix=prefix)
    try:
        first = program.stdout.readline()
        assert first == "ready\n", program.stderr.read()
        yield program
    finally:
        program.communicate(timeout=60)


class Launched:
    """One run of the launcher."""

    def __init__(self, home: Path, *, prefix: tuple[str, ...] = (), **extra: str) -> None:
        self.output = home.with_name(home.name + ".out")
        self.log = home / "log"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "leadflow.runtime", "up"],
                env=environment(home, **{"PORT": "0", "DEMO": "0", **extra}),
                cwd=addresses.PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, *, seconds: float = 150) -> str:
        """Wait for the banner; returns the address in it."""
        found = wait_until(lambda: "Ctrl-C" in self.said() or self.ended(), seconds=seconds)
        assert found, self.said()
        assert not self.ended(), self.said()
        return re.search(r"ready: (\S+)", self.said())[1]

    def said(self) -> str:
        return self.output.read_text()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def child(self, sign: str) -> int:
        """Return the child whose command line contains `sign`."""
        found = [pid for pid in children_of(self.process.pid) if sign in command_line(pid)]
        assert len(found) == 1, (sign, found)
        return found[0]

    def has_child(self, sign: str) -> bool:
        return any(sign in command_line(pid) for pid in children_of(self.process.pid))

    def family(self) -> set[int]:
        """Return every descendant."""
        return set(descendants_of(self.process.pid))

    def processor_seconds(self) -> float:
        """Return the processor time that it and all its descendants, ended ones too, have used."""
        return sum(map(processor_seconds, {self.process.pid, *self.family()}))

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)


def children_of(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    return []


def descendants_of(pid: int) -> Iterator[int]:
    for child in children_of(pid):
        yield child
        yield from descendants_of(child)


def processor_seconds(pid: int) -> float:
    with suppress(OSError):
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def command_line(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def all_gone(pids: set[int], *, seconds: float = 30) -> bool:
    """Are all of `pids` gone in time?"""
    return wait_until(lambda: not any(alive(pid) for pid in pids), seconds=seconds)


def eventually(condition: Callable[[], bool], *, seconds: float = 90) -> bool:
    """Like `wait_until`, looking less often."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
