"""Starting, recognising and ending processes."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from leadflow.runtime.account import Account

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
LARGEST_LOG_BYTES = 10_000_000

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_spawned: dict[int, subprocess.Popen[bytes]] = {}


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    bound: bool = False,
) -> int:
    """Start `argv` in its own session, writing to `log`; `bound`: it ends with us (Linux)."""
    _turn_over(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=end_with_parent() if bound else None,
            **(account.as_popen() if account else {}),
        )
    _spawned[process.pid] = process
    return process.pid


def end_with_parent(signal_number: int = signal.SIGTERM) -> Callable[[], None]:
    """Return a function for the new child: the kernel sends it `signal_number` when we die."""
    parent = os.getpid()

    def bind() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(signal_number))
            if os.getppid() != parent:  # we died before the child could ask
                os._exit(1)

    return bind


def alive(pid: int) -> bool:
    """Is `pid` a running process? A zombie is not."""
    if pid in _spawned:
        return _spawned[pid].poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def exit_code(pid: int) -> int | None:
    """Return how a process that we started ended (minus the signal), or None while it runs."""
    return _spawned[pid].poll()


def belongs_to(pid: int, folder: Path) -> bool:
    """Does `pid` live and work on `folder`? Guards against numbers that were given out anew."""
    if not alive(pid):
        return False
    if not PROC.is_dir():
        return True
    return os.fsencode(folder) in _read(pid, "cmdline") or _link(pid, "cwd") == folder


def kill_orphans(executable: Path, folder: Path) -> None:
    """Kill the processes of `executable` that work in `folder`: left behind by a killed server."""
    _kill_all(
        pid
        for pid in _all_pids()
        if _link(pid, "cwd") == folder and _link(pid, "exe") == executable
    )


def kill_marked(marker: str) -> None:
    """Kill every process but this one with `marker` (NAME=value) in its environment."""
    sign = os.fsencode(marker)
    _kill_all(
        pid
        for pid in _all_pids()
        if pid != os.getpid() and sign in _read(pid, "environ").split(b"\0")
    )


def send(pid: int, signal_number: int) -> None:
    """Send a signal; a process that is already gone is fine."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def kill_group(pid: int) -> None:
    """Kill whatever is left of the process group that `pid` led."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end(pid: int, *steps: tuple[int, float]) -> bool:
    """Send each step's signal and give it its seconds; False when the process outlived them all."""
    for signal_number, seconds in steps:
        send(pid, signal_number)
        if wait_until(lambda: not alive(pid), seconds=seconds):
            return True
    return not alive(pid)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait for `condition`; False when it did not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def last_line(log: Path) -> str:
    """Return the last line of a log file that says something."""
    with suppress(OSError):
        lines = log.read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""


def _kill_all(pids: Iterable[int]) -> None:
    """Kill and wait until they are gone: what they hold (ports, shared memory) is free only then."""
    found = list(pids)
    for pid in found:
        send(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(alive, found)), seconds=10)


def _turn_over(log: Path) -> None:
    with suppress(FileNotFoundError):
        if log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))


def _all_pids() -> Iterator[int]:
    if PROC.is_dir():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _state(pid: int) -> str:
    return _read(pid, "stat").rpartition(b")")[2].decode().strip()[:1]


def _read(pid: int, name: str) -> bytes:
    with suppress(OSError):
        return (PROC / str(pid) / name).read_bytes()
    return b""


def _link(pid: int, name: str) -> Path | None:
    with suppress(OSError):
        return (PROC / str(pid) / name).readlink()
    return None
