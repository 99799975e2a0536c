"""Keeps processes running: what dies starts again, after pauses that grow while it keeps dying."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from leadflow.runtime import addresses, processes
from leadflow.runtime.errors import StartError
from leadflow.runtime.terminal import Say

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
GRACE_SECONDS = 10.0
TICK_SECONDS = 0.2


class Part(Protocol):
    """Something that runs, can die and can be started again."""

    name: str
    log: Path

    def running(self) -> bool:
        """Is it alive?"""

    def launch(self) -> None:
        """Start it and return at once."""


@dataclass
class Child:
    """A command that lives no longer than we do; its output goes to `log`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    pid: int | None = None

    def launch(self) -> None:
        """Start the command in a session of its own: Ctrl-C in the terminal reaches only us."""
        self.pid = processes.spawn(
            self.argv, log=self.log, env=self.env, cwd=addresses.PROJECT, bound=True
        )

    def running(self) -> bool:
        """Is it alive? When it is not, the rest of its process group is removed too."""
        if self.pid is None:
            return False
        if processes.alive(self.pid):
            return True
        processes.kill_group(self.pid)
        return False

    def exit_code(self) -> int | None:
        """Return how it ended (minus the signal), or None."""
        return None if self.pid is None else processes.exit_code(self.pid)


@dataclass
class Watch:
    """What the supervisor knows about one part."""

    part: Part
    start: Callable[[], None]
    started_at: float
    pause_seconds: float = FIRST_PAUSE_SECONDS
    restart_at: float | None = None
    deaths: int = 0


@dataclass
class Supervisor:
    """Watches parts; `tick` is one look at all of them."""

    say: Say
    clock: Callable[[], float] = time.monotonic
    watches: list[Watch] = field(default_factory=list)
    awaited: dict[str, Child] = field(default_factory=dict)

    def watch(self, part: Part, *, start: Callable[[], None] | None = None) -> None:
        """Take charge of `part`, which runs already; `start` replaces its own `launch`."""
        self.watches.append(Watch(part, start or part.launch, self.clock()))

    def await_end(self, child: Child, *, done: str) -> None:
        """Say how the one-shot `child` ends: `done`, or where to read why not."""
        self.awaited[done] = child

    def deaths(self, name: str) -> int:
        """Return how often the part `name` died."""
        return sum(watch.deaths for watch in self.watches if watch.part.name == name)

    def tick(self) -> None:
        """Notice what died and start again what has paused long enough."""
        now = self.clock()
        for watch in self.watches:
            if watch.restart_at is not None:
                self._restart_when_due(watch, now)
            elif not watch.part.running():
                self._plan_restart(watch, now)
        for done, child in list(self.awaited.items()):
            if not child.running():
                del self.awaited[done]
                self.say(
                    done if child.exit_code() == 0 else f"{child.name}: failed, see {child.log}"
                )

    def _plan_restart(self, watch: Watch, now: float) -> None:
        if now - watch.started_at >= HEALTHY_AFTER_SECONDS:
            watch.pause_seconds = FIRST_PAUSE_SECONDS
        watch.deaths += 1
        watch.restart_at = now + watch.pause_seconds
        self.say(
            f"{watch.part.name}: not running, starting again in {watch.pause_seconds:g} s"
            f" (see {watch.part.log})"
        )
        watch.pause_seconds = min(watch.pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _restart_when_due(self, watch: Watch, now: float) -> None:
        assert watch.restart_at is not None
        if now < watch.restart_at:
            return
        watch.started_at, watch.restart_at = now, None
        try:
            watch.start()
        except (StartError, OSError) as error:
            self.say(f"{watch.part.name}: {error}")
            self._plan_restart(watch, now)
        else:
            self.say(f"{watch.part.name}: started again")


def end_all(children: Sequence[Child]) -> None:
    """Ask all to end, the last started first; whoever has not after the grace time is killed."""
    pids = [child.pid for child in reversed(children) if child.pid is not None and child.running()]
    for pid in pids:
        processes.send(pid, signal.SIGTERM)
    processes.wait_until(lambda: not any(map(processes.alive, pids)), seconds=GRACE_SECONDS)
    for pid in pids:
        processes.kill_group(pid)
    processes.wait_until(lambda: not any(map(processes.alive, pids)), seconds=GRACE_SECONDS)
