"""One line to the mail server: opened once, used often, honest about what it cannot know."""

import re
import smtplib
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.utils import parseaddr
from enum import Enum
from io import BytesIO
from types import TracebackType
from typing import Any, cast

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.encoding import punycode

NO_SUCH_ADDRESS = frozenset({550, 551, 553})
POLICY_CODE = re.compile(
    r"^5\.7\."
)  # refused for what was said or who said it, not for the address


class Result(Enum):
    """What is known after trying to send one message."""

    SENT = "sent"
    RETRY = "retry"  # refused for now, or lost before the content was handed over
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # the line broke after the content was handed over


@dataclass(frozen=True)
class Answer:
    """A result with what the server said; `is_bounce` tells that the address does not exist."""

    result: Result
    error: str = ""
    is_bounce: bool = False


class Line:
    """A connection by Django's mail settings; a broken one is opened again for the next message."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; a server that is gone already is no reason to complain."""
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        except (OSError, smtplib.SMTPException):
            pass

    def open(self) -> str:
        """Open the line where it is not; returns why the server is away, nothing when it is there."""
        if self._connection is not None:
            return ""
        try:
            self._connection = get_connection(fail_silently=False)
            self._connection.open()
            if isinstance(self._connection, EmailBackend):
                cast(smtplib.SMTP, self._connection.connection).ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return _words(error)
        return ""

    def send(self, mail: EmailMessage) -> Answer:
        """Send one message over the open line; never raises for what a mail server may do."""
        if isinstance(self._connection, EmailBackend):
            return self._transmit(cast(smtplib.SMTP, self._connection.connection), mail)
        return self._write(mail)

    def _write(self, mail: EmailMessage) -> Answer:
        """Backends that keep mail on this machine: a file, the console, a list."""
        try:
            self._connection.send_messages([mail])
        except OSError as error:
            return Answer(Result.RETRY, _words(error))
        return Answer(Result.SENT)

    def _transmit(self, smtp: smtplib.SMTP, mail: EmailMessage) -> Answer:
        try:
            sender, receiver = _wire_address(mail.from_email), _wire_address(mail.to[0])
        except UnicodeError:
            return Answer(Result.FAILED, f"Mail cannot carry this address: {mail.to[0]}")
        content = _wire_format(mail)
        try:
            refusal = self._announce(smtp, sender, receiver)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Answer(Result.RETRY, _words(error))
        if refusal is not None:
            return refusal
        try:
            smtp.send(content)
            code, reply = smtp.getreply()
        except Exception as error:  # noqa: BLE001  (whatever it was: the server may have it all)
            self.close()
            return Answer(
                Result.UNKNOWN, f"The line broke after the content was handed over: {_words(error)}"
            )
        return (
            Answer(Result.SENT)
            if code == 250
            else self._refused(smtp, code, reply, is_address=True)
        )

    def _announce(self, smtp: smtplib.SMTP, sender: str, receiver: str) -> Answer | None:
        """Everything before the content; whatever goes wrong here, nothing has been delivered."""
        code, reply = smtp.mail(sender)
        if code != 250:
            return self._refused(smtp, code, reply, is_address=False)
        code, reply = smtp.rcpt(receiver)
        if code not in {250, 251}:
            return self._refused(smtp, code, reply, is_address=True)
        code, reply = smtp.docmd("DATA")
        return None if code == 354 else self._refused(smtp, code, reply, is_address=False)

    def _refused(self, smtp: smtplib.SMTP, code: int, reply: bytes, *, is_address: bool) -> Answer:
        words = reply.decode("utf-8", "replace")
        self._start_over(smtp, code)
        error = f"{code} {words}"[:500]
        if not 500 <= code < 600:
            return Answer(Result.RETRY, error)
        is_bounce = is_address and code in NO_SUCH_ADDRESS and not POLICY_CODE.match(words)
        return Answer(Result.FAILED, error, is_bounce=is_bounce)

    def _start_over(self, smtp: smtplib.SMTP, code: int) -> None:
        """Forget the transaction on the server; 421 and -1 say that it has hung up."""
        try:
            if code in {421, -1}:
                raise smtplib.SMTPServerDisconnected("the server hung up")
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close()


def _wire_address(text: str) -> str:
    """An address as SMTP carries it; raises UnicodeError where it cannot."""
    local, _, domain = parseaddr(text)[1].rpartition("@")
    local.encode("ascii")
    return f"{local}@{punycode(domain)}"


def _wire_format(mail: EmailMessage) -> bytes:
    """The message as SMTP wants it: CRLF, leading dots doubled, a lone dot at the end.

    Headers stay on one line: some receivers do not find a List-Unsubscribe that was folded.
    """
    written = BytesIO()
    generator = BytesGenerator(written, mangle_from_=False, maxheaderlen=998)
    generator.flatten(mail.message(), linesep="\r\n")
    content = re.sub(rb"(?m)^\.", b"..", written.getvalue())
    return content + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
