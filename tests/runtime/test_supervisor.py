"""What dies comes back after growing pauses; what is told to end does end."""

import itertools
import os
import sys
import time
from pathlib import Path

import pytest

from leadflow.runtime import supervisor
from leadflow.runtime.processes import alive, wait_until
from leadflow.runtime.supervisor import Child, Supervisor, end_all
from tests.runtime.machine import all_gone, children_of

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + (
    "print('deaf', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
)


class Clock:
    """A clock that tests move by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Mortal:
    """A part that dies when told to."""

    name = "mortal"
    log = Path("mortal.log")
    lives = True
    launches = 0

    def running(self) -> bool:
        return self.lives

    def launch(self) -> None:
        self.launches += 1


@pytest.fixture
def child(tmp_path):
    children = []

    def start(program: str) -> Child:
        log = tmp_path / "child.log"
        children.append(Child("child", [sys.executable, "-c", program], dict(os.environ), log))
        children[-1].launch()
        return children[-1]

    yield start
    end_all(children)


def test_pauses_grow_while_a_part_keeps_dying():
    clock, part, said = Clock(), Mortal(), []
    watcher = Supervisor(said.append, clock)
    watcher.watch(part)
    part.lives = False
    launched_at = []
    for step in range(1000):
        clock.now = step / 10
        before = part.launches
        watcher.tick()
        if part.launches > before:
            launched_at.append(clock.now)

    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(launched_at)]

    assert launched_at[0] == 0.5
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_part_that_was_healthy_comes_back_at_once():
    clock, part = Clock(), Mortal()
    watcher = Supervisor(lambda line: None, clock)
    watcher.watch(part)
    watcher.watches[0].pause_seconds = 30
    clock.now = supervisor.HEALTHY_AFTER_SECONDS
    part.lives = False
    watcher.tick()
    clock.now += supervisor.FIRST_PAUSE_SECONDS

    watcher.tick()

    assert part.launches == 1


def test_a_start_that_fails_is_tried_again():
    clock, said = Clock(), []
    watcher = Supervisor(said.append, clock)
    missing = Child("web", ["/no/such/program"], {}, Path("/dev/null"))
    watcher.watch(missing)
    for seconds in range(3):
        clock.now = float(seconds)
        watcher.tick()

    assert watcher.deaths("web") == 3
    assert "No such file or directory: '/no/such/program'" in said[1]


def test_a_killed_child_comes_back_without_its_old_family(child):
    parent = child(PARENT)
    assert wait_until(lambda: bool(children_of(parent.pid)), seconds=10)
    orphan = set(children_of(parent.pid))
    watcher = Supervisor(lambda line: None)
    watcher.watch(parent)
    os.kill(parent.pid, 9)
    old = parent.pid

    came_back = wait_until(lambda: watcher.tick() or parent.pid != old, seconds=10)

    assert came_back
    assert alive(parent.pid)
    assert all_gone(orphan)


def test_a_child_that_ignores_us_is_killed(child, monkeypatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.5)
    stubborn = child(STUBBORN)
    assert wait_until(lambda: "deaf" in stubborn.log.read_text(), seconds=10)

    end_all([stubborn])

    assert stubborn.exit_code() == -9


def test_children_end_together(child):
    family = [child(SLEEP) for _ in range(3)]
    started_at = time.monotonic()

    end_all(family)

    assert [each.exit_code() for each in family] == [-15, -15, -15]
    assert time.monotonic() - started_at < supervisor.GRACE_SECONDS


def test_the_end_of_a_one_shot_is_told(child):
    said = []
    watcher = Supervisor(said.append)
    watcher.await_end(child("raise SystemExit(3)"), done="all is in")
    watcher.await_end(child("pass"), done="this is in")

    assert wait_until(lambda: watcher.tick() or len(said) == 2, seconds=10)
    assert "this is in" in said
    assert any(line.startswith("child: failed, see ") for line in said)
