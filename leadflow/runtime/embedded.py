"""Starting the embedded services on demand and sharing them: the last user that leaves stops them.

A user is a process that holds a shared kernel lock on `run/users.lock`, so that a killed user no
longer counts. Starting and stopping happen under `run/start.lock`, one at a time.
"""

import atexit
import os
from pathlib import Path
from types import TracebackType

from leadflow.runtime import addresses, folders, locks
from leadflow.runtime.postgres import Postgres
from leadflow.runtime.redis_server import Redis
from leadflow.runtime.terminal import Say, complain

Server = Postgres | Redis


def needed(home: Path, *, durable: bool = True) -> list[Server]:
    """Return the services that no address in the environment replaces, in the order of starting."""
    servers: list[Server] = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(Postgres(home, durable=durable))
    if not os.environ.get("REDIS_URL"):
        servers.append(Redis(home, durable=durable))
    return servers


def ensure(home: Path | None = None, *, durable: bool = True, say: Say = complain) -> "Stay":
    """Have the needed services running until the stay ends, at the latest with this process."""
    stay = Stay(home or addresses.home(), durable=durable)
    stay.begin(say)
    return stay


class Stay:
    """One process's use of the embedded services."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.servers = needed(home, durable=durable)
        self._lock: int | None = None
        self._process = os.getpid()

    def __enter__(self) -> "Stay":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def begin(self, say: Say) -> None:
        """Join the users, start what does not run and wait for its answer; raises StartError."""
        if not self.servers:
            return
        folders.prepare(self.home)
        atexit.register(self.end)
        try:
            self._join()
            for server in self.servers:
                server.wait_ready(say)
        except BaseException:
            self.end()
            raise

    def end(self) -> bool:
        """Leave; the last user stops the services. Returns whether they are stopped."""
        if self._lock is None or os.getpid() != self._process:
            return False
        with locks.exclusive(self._start_lock):
            os.close(self._lock)
            self._lock = None
            with locks.exclusive(self._users_lock, wait=False) as alone:
                return alone is not None and self._stop_all()

    def revive(self, server: Server) -> None:
        """Start `server` again unless another process is doing so; does not wait for answers."""
        with locks.exclusive(self._start_lock, wait=False) as mine:
            if mine is not None and not server.running():
                server.launch()

    def _join(self) -> None:
        with locks.exclusive(self._start_lock):
            self._lock = locks.take(self._users_lock, shared=True)
            for server in self.servers:
                if not server.running():
                    server.launch()

    def _stop_all(self) -> bool:
        stopped = [server.stop() for server in (Redis(self.home), Postgres(self.home))]
        return all(stopped)

    @property
    def _start_lock(self) -> Path:
        return self.home / "run" / "start.lock"

    @property
    def _users_lock(self) -> Path:
        return self.home / "run" / "users.lock"
