"""The embedded PostgreSQL: reached through a socket only; outlives the process that started it."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psycopg2

from leadflow.runtime import account, addresses, cluster, processes
from leadflow.runtime.errors import StartError
from leadflow.runtime.terminal import Say

RECOVERY_SECONDS = 120
FEWEST_BUFFERS, MOST_BUFFERS = 128, 1024  # megabytes


def _buffer_megabytes() -> int:
    """An eighth of this machine's memory: a million leads with their indexes want about a gigabyte.

    Memory that no page has been read into is not taken.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return max(FEWEST_BUFFERS, min(MOST_BUFFERS, memory // 8))


SETTINGS = {
    "listen_addresses": "",
    "port": str(addresses.POSTGRES_PORT),
    "shared_buffers": f"{_buffer_megabytes()}MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The PostgreSQL server of one data folder; `durable=False` is for data that tests may lose."""

    name = "postgres"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.data = home / "postgres"
        self.log = home / "log" / "postgres.log"
        self.url = addresses.embedded_database_url(home)
        self.sockets = addresses.postgres_socket_folder(home)
        self.settings = SETTINGS if durable else SETTINGS | NOT_DURABLE

    def pid(self) -> int | None:
        """Return the running server's process, whoever started it."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            return pid if processes.belongs_to(pid, self.data) else None
        return None

    def running(self) -> bool:
        """Is there a server process? It may still be recovering."""
        return self.pid() is not None

    def launch(self) -> None:
        """Start the server and return at once; makes its data first if there is none."""
        owner = cluster.ensure(self.data)
        self._prepare_sockets(owner)
        self._clear_after_kill()
        pid = processes.spawn(
            self._command(), log=self.log, env=cluster.environment(), cwd=Path("/"), account=owner
        )
        processes.wait_until(lambda: self.running() or not processes.alive(pid), seconds=10)

    def wait_ready(self, say: Say) -> None:
        """Wait until the server answers, through a recovery if need be; raises StartError."""
        started_at = time.monotonic()
        told_at = started_at
        while not self.answers():
            now = time.monotonic()
            if not self.running() or now - started_at > RECOVERY_SECONDS:
                raise StartError(
                    f"PostgreSQL did not start: {processes.last_line(self.log)} (see {self.log})"
                )
            if now - told_at > 5:
                say(f"waiting for PostgreSQL to recover ({now - started_at:.0f} s)")
                told_at = now
            time.sleep(0.05)

    def answers(self) -> bool:
        """Does the server take connections?"""
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self) -> bool:
        """Stop the server: open transactions are rolled back, nothing acknowledged is lost."""
        pid = self.pid()
        if pid is None:
            return True
        return processes.end(pid, (signal.SIGINT, 30), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))

    def _command(self) -> list[str]:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        program = str(cluster.binaries() / "postgres")
        return [program, "-D", str(self.data), "-k", str(self.sockets), *options]

    def _prepare_sockets(self, owner: account.Account | None) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        account.hand_over(self.sockets, owner)

    def _clear_after_kill(self) -> None:
        """Remove what a killed server leaves: a reused process number would stop the next one."""
        processes.kill_orphans(cluster.binaries() / "postgres", self.data)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink()
