"""A real mail server that can be told how to answer, and leads that programs can reach."""

import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from leads import services as leads
from leads.models import Lead
from nurture import services as nurture
from nurture.models import Message
from tests.factories import people


@dataclass
class Sink:
    """Keeps what arrives; `answers` says per recipient what to do instead of accepting."""

    arrived: list[tuple[str, EmailMessage]] = field(default_factory=list)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    on_data: Callable[[str], None] | None = None
    connections: int = 0

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        answer = self.at_data.get(address, "250 OK")
        if self.on_data:
            self.on_data(address)
        if answer == "hang up":
            self._keep(address, envelope)
            server.transport.abort()
            return "250 too late"
        if answer.startswith("250"):
            self._keep(address, envelope)
        return answer

    def _keep(self, address: str, envelope: Envelope) -> None:
        parsed: Any = email.message_from_bytes(
            envelope.original_content, policy=email.policy.default
        )
        self.arrived.append((address, parsed))

    @property
    def addresses(self) -> list[str]:
        """Who got something, in order."""
        return [address for address, _ in self.arrived]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A mail server on a free port, and the settings that point at it."""
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=_free_port(), decode_data=False)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.SITE_URL = "https://leads.example.com"
    yield handler
    controller.stop()


ADDRESS = {"street": "1 Long Street", "postal_code": "10115", "city": "Berlin"}


def reachable(*, at: datetime, consent: bool = True, **facts: Any) -> Lead:
    """A lead with e-mail, phone and postal address who agreed to marketing mail; not enrolled."""
    attributes = facts.pop("attributes", ADDRESS)
    lead = people.inquiry(at=at, **({"phone": "+493012345678"} | facts))
    leads.update_facts(facts_by_lead={lead.pk: {"attributes": attributes}}, at=at)
    if consent:
        leads.record_consent(lead_ids=[lead.pk], purpose="marketing", source="test", at=at)
    return people.fresh([lead])[0]


def sweep(at: datetime) -> None:
    """What one tick does for programs."""
    nurture.enroll_due(at=at)
    nurture.take_due_steps(at=at)
    nurture.send_messages(at=at)
    nurture.recover_messages(at=at)
    nurture.print_letters(at=at)


def take_steps(start: datetime, *, days: int) -> None:
    """Take every step on its day, sending nothing, until so many days after `start`."""
    for day in range(days + 1):
        nurture.take_due_steps(at=start + timedelta(days=day))


def queued(*, at: datetime, count: int = 1, **facts: Any) -> list[Message]:
    """Messages of the first step, waiting to be sent at `at`."""
    entered_at = at.replace(day=1)
    for _ in range(count):
        lead = reachable(at=entered_at, **facts)
        nurture.enroll(lead_ids=[lead.pk], program_key="nine-touch", at=entered_at).or_raise()
    nurture.take_due_steps(at=at)
    return list(Message.objects.filter(state=Message.State.QUEUED).order_by("pk"))


@pytest.fixture
def run_together() -> Callable[[Callable[[], Any], int], list[Any]]:
    """Run a function in several threads at once, each with its own connection."""

    def run(work: Callable[[], Any], threads: int) -> list[Any]:
        from django.db import connection

        gate, results = threading.Barrier(threads), []

        def one() -> None:
            gate.wait()
            try:
                results.append(work())
            finally:
                connection.close()

        running = [threading.Thread(target=one) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return results

    return run
