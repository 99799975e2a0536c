"""The whole of LeadFlow as `make up` starts it, on a data folder of its own, with a real mail server."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg2
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from leadflow.runtime import addresses
from tests.runtime.machine import Launched, python

T = TypeVar("T")


class Sink(MessageHandler):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list = []

    def handle_message(self, message: object) -> None:
        self.messages.append(message)


class Stack:
    """A running LeadFlow: its address, its command line, and the mail it sent."""

    def __init__(self, home: Path, launched: Launched, url: str, sink: Sink, mail_url: str) -> None:
        self.home, self.launched, self.url, self.sink = home, launched, url, sink
        self.mail_url = mail_url

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command beside the running processes; returns what it printed."""
        result = python("manage.py", *arguments, home=self.home, EMAIL_URL=self.mail_url)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.strip()

    def value(self, statement: str, *values: object) -> object:
        """The first column of the first row that a statement finds; None without a row."""
        with closing(psycopg2.connect(addresses.embedded_database_url(self.home))) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            row = cursor.fetchone()
        return row[0] if row else None


def wait_for(check: Callable[[], T], *, seconds: float = 30, what: str = "") -> T:
    """The first true value of `check`, asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what or check}"
        time.sleep(0.3)


def answers(url: str) -> bool:
    """Whether something answers there with 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_stack(home: Path) -> Iterator[Stack]:
    """Start everything, with the demo company but none of its leads; stop it afterwards."""
    sink = Sink()
    mail = Controller(sink, hostname="127.0.0.1", port=_free_port())
    mail.start()
    mail_url = f"smtp://127.0.0.1:{mail.port}"
    plenty = {"RATE_LIMIT_FORMS": "10000/minute", "RATE_LIMIT_FORMS_NETWORK": "10000/minute"}
    launched = Launched(home, EMAIL_URL=mail_url, **plenty)
    try:
        url = launched.wait_ready(seconds=120)
        stack = Stack(home, launched, url, sink, mail_url)
        stack.manage("demo", "--leads", "0")
        yield stack
    finally:
        launched.stop()
        mail.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
