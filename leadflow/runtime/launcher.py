"""`make up`: start everything in order, keep it running, stop it all."""

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg2

from leadflow.runtime import (
    addresses,
    commands,
    embedded,
    folders,
    gate,
    health,
    locks,
    preflight,
    processes,
    secret,
    stopping,
)
from leadflow.runtime.errors import StartError
from leadflow.runtime.stopping import StopRequested, listen_for_stop
from leadflow.runtime.supervisor import TICK_SECONDS, Child, Supervisor, end_all
from leadflow.runtime.terminal import say

MARKER = "LEADFLOW_LAUNCHED_FOR"
WEB_START_SECONDS = 90
WEB_MAY_DIE = 2


@dataclass(frozen=True)
class Options:
    """What the person who starts LeadFlow may choose."""

    home: Path
    host: str
    port: int
    demo: bool


def up(options: Options) -> int:
    """Run LeadFlow until it is told to stop; raises StartError when it cannot start."""
    listen_for_stop()
    try:
        with ExitStack() as cleanup:
            Launcher(options, cleanup).run()
    except StopRequested:
        say("LeadFlow has stopped.")
    return 0


class Launcher:
    """One run of LeadFlow; `cleanup` undoes it in reverse order, however far it came."""

    def __init__(self, options: Options, cleanup: ExitStack) -> None:
        self.home = options.home
        self.options = options
        self.cleanup = cleanup
        self.children: list[Child] = []
        self.supervisor = Supervisor(say)
        self.host, self.port, self.url = options.host, options.port, ""

    def run(self) -> None:
        """Start in order, then supervise; every step counts on the ones before it."""
        folders.prepare(self.home)
        lock = self._lock_home()
        processes.kill_marked(self._marker())
        self._choose_address(lock)
        secret.secret_key()
        self._start_services()
        self.cleanup.callback(end_all, self.children)
        with locks.exclusive(self._gate()):
            self._start_web()
            self._migrate()
        self._wait_for_web()
        self._start_background()
        self._greet()
        self._fill_when_empty()
        while True:
            self._keep_going()

    def _lock_home(self) -> int:
        path = self.home / "run" / "launcher.lock"
        lock = locks.take(path, wait=False)
        if lock is None:
            raise StartError(f"LeadFlow already runs on this data folder ({path.read_text()}).")
        self.cleanup.callback(os.close, lock)
        return lock

    def _choose_address(self, lock: int) -> None:
        self.host, self.port = preflight.choose_address(self.options.host, self.options.port)
        self.url = health.site_url(self.host, self.port)
        os.truncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()}, {self.url}".encode(), 0)

    def _start_services(self) -> None:
        say("Starting PostgreSQL and Redis ...")
        stay = embedded.ensure(self.home, say=say)
        self.cleanup.callback(self._leave, stay)
        health.check_services()
        for server in stay.servers:
            self.supervisor.watch(server, start=partial(stay.revive, server))

    def _leave(self, stay: embedded.Stay) -> None:
        if stay.servers and not stay.end():
            say("PostgreSQL and Redis keep running: another LeadFlow command uses them.")

    def _migrate(self) -> None:
        child = self._launch("migrate", commands.migrate())
        while child.running():
            stopping.check()
            time.sleep(TICK_SECONDS / 4)
        self._check_migrated(child)

    def _check_migrated(self, child: Child) -> None:
        if child.exit_code() != 0:
            said = processes.last_line(child.log)
            raise StartError(f"The database cannot be brought up to date: {said} (see {child.log})")

    def _start_web(self) -> None:
        say("Bringing the database up to date and loading LeadFlow ...")
        self._supervise("web", commands.web(host=self.host, port=self.port))

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_START_SECONDS
        while not health.answers(self.url):
            self._keep_going()
            if self.supervisor.deaths("web") > WEB_MAY_DIE or time.monotonic() > deadline:
                raise StartError(f"The web process does not answer: see {self.home}/log/web.log")

    def _start_background(self) -> None:
        self._supervise("worker", commands.worker())
        self._supervise("beat", commands.beat(home=self.home))

    def _supervise(self, name: str, argv: list[str]) -> None:
        self.supervisor.watch(self._launch(name, argv))

    def _launch(self, name: str, argv: list[str]) -> Child:
        child = Child(name, argv, self._environment(), self.home / "log" / f"{name}.log")
        self.children.append(child)
        child.launch()
        return child

    def _environment(self) -> dict[str, str]:
        name, _, value = self._marker().partition("=")
        ours = {
            name: value,
            "LEADFLOW_HOME": str(self.home),
            "DATABASE_URL": addresses.database_url(),
            "REDIS_URL": addresses.redis_url(),
            "PORT": str(self.port),
            gate.VARIABLE: str(self._gate()),
            "PYTHONUNBUFFERED": "1",
        }
        return os.environ | ours

    def _gate(self) -> Path:
        return self.home / "run" / "gate.lock"

    def _marker(self) -> str:
        return f"{MARKER}={self.home}"

    def _greet(self) -> None:
        say(f"\n  LeadFlow is ready: {self.url}\n")
        if self.options.demo:
            say(f"  Demo sign-ins, password {commands.DEMO_PASSWORD}:")
            for email, role in commands.DEMO_SIGN_INS:
                say(f"    {email:<20} {role}")
        else:
            say("  The first sign-in: python manage.py createsuperuser")
        say(f"\n  Data and logs: {self.home}\n  Ctrl-C stops everything.\n")

    def _fill_when_empty(self) -> None:
        if self.options.demo and has_no_leads():
            say("Filling in demo data; the sign-ins work when it is in ...")
            self.supervisor.await_end(
                self._launch("demo", commands.demo()), done="Demo data is in."
            )

    def _keep_going(self) -> None:
        stopping.check()
        self.supervisor.tick()
        time.sleep(TICK_SECONDS)


def has_no_leads() -> bool:
    """Is the database of LeadFlow without any lead?"""
    connection = health.connect_database(addresses.database_url())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOT EXISTS (SELECT FROM leads_lead)")
            row = cursor.fetchone()
            return row is not None and bool(row[0])
    except psycopg2.errors.UndefinedTable:  # nothing to fill yet
        return False
    finally:
        connection.close()
