"""Sending: claimed and checked in one transaction, sent outside of any, recorded in another."""

import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet

from content import queries as library
from content.models import Asset, Product
from content.queries import Text
from leadflow.core.errors import Invalid
from leads import services as leads
from leads.models import Activity
from nurture import queries
from nurture.engine.timing import retry_after
from nurture.models import Enrollment, Message, Suppression, Touch
from nurture.rendering import build_email, lead_context
from nurture.services.consents import stale_question
from nurture.services.line import Answer, Line, Result
from nurture.services.results import lock_erased
from nurture.services.steps import is_blocked
from nurture.services.subscriptions import suppress

logger = logging.getLogger(__name__)

BATCH = 25
CHECKED_FOR = timedelta(seconds=1)  # a check is good for this long; then the rest is claimed anew
LOST_AFTER = timedelta(minutes=5)
SERVER_BACK_AFTER = timedelta(minutes=1)

TOUCH_STATES = {
    Message.State.SENT: Touch.State.DONE,
    Message.State.FAILED: Touch.State.FAILED,
    Message.State.UNKNOWN: Touch.State.UNKNOWN,
    Message.State.CANCELLED: Touch.State.CANCELLED,
}


class Clock:
    """The time of a sweep that takes a while: the `at` it was given and what has passed since."""

    def __init__(self, at: datetime) -> None:
        self._at, self._began = at, monotonic()

    def now(self) -> datetime:
        """The time it is now, as this sweep counts."""
        return self._at + timedelta(seconds=monotonic() - self._began)


@dataclass(frozen=True)
class Claimed:
    """Messages this worker alone may send, and how many rows were looked at in all."""

    messages: list[Message]
    looked_at: int


def send_messages(*, at: datetime) -> int:
    """Send every due message over one line; returns how many were sent, failed or called off."""
    clock, handled, most = Clock(at), 0, BATCH
    with Line() as line:
        while _due(at=clock.now()).exists():
            if error := line.open():
                postpone(at=clock.now(), error=error)
                break
            checked_at = clock.now()
            claimed = claim_messages(at=checked_at, most=most)
            tried = _send_all(claimed.messages, line, clock, checked_at=checked_at)
            called_off = claimed.looked_at - len(claimed.messages)
            handled += tried + called_off
            if not (tried or called_off) and (most == 1 or not claimed.looked_at):
                break  # the rest is with other workers, or this machine is too slow even for one
            most = 1 if claimed.messages and not tried else BATCH
    return handled


def _due(*, at: datetime) -> QuerySet[Message]:
    return Message.objects.filter(
        Q(touch=None) | Q(touch__enrollment__paused_at=None),
        state=Message.State.QUEUED,
        next_attempt_at__lte=at,
    ).order_by("next_attempt_at", "id")


def postpone(*, at: datetime, error: str) -> None:
    """The server is away: what would have gone out first says why it waits."""
    first = list(_due(at=at).values_list("pk", flat=True)[:BATCH])
    Message.objects.filter(pk__in=first, state=Message.State.QUEUED).update(
        next_attempt_at=at + SERVER_BACK_AFTER, error=error
    )


@transaction.atomic
def claim_messages(*, at: datetime, most: int = BATCH) -> Claimed:
    """Take up to `most` queued messages; those that may not go out any more are called off."""
    rows = list(
        _due(at=at)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related(
            "lead", "lead__company", "lead__owner", "touch__enrollment__program", "opt_in"
        )[:most]
    )
    refusals = _refusals(rows)
    good = [message for message in rows if message.pk not in refusals]
    for message in good:
        message.state, message.claimed_at = Message.State.SENDING, at
        message.to_address = message.lead.email
        message.attempts += 1
    for message in rows:
        if message.pk in refusals:
            message.state, message.error = Message.State.CANCELLED, refusals[message.pk]
    Message.objects.bulk_update(rows, ["state", "claimed_at", "to_address", "attempts", "error"])
    _follow_touches([message for message in rows if message.pk in refusals], at=at)
    return Claimed(good, len(rows))


def _refusals(messages: Sequence[Message]) -> dict[int, str]:
    """Why messages may not go out, by id: read from the rows as they are at this moment."""
    words = queries.marketing_words({message.lead_id for message in messages})
    blocked = queries.suppressed({message.lead.email for message in messages})
    programs = {m.touch.enrollment.program for m in messages if m.touch}
    allowed = {program: queries.allowed_stages(program) for program in programs}
    found = {}
    for message in messages:
        is_given, said_at = words.get(message.lead_id, (False, message.queued_at))
        if not message.lead.email:
            found[message.pk] = "No e-mail address is known."
        elif message.opt_in and (stale := stale_question(message.opt_in, message.lead)):
            found[message.pk] = stale
        elif message.is_marketing and not is_given:
            found[message.pk] = "They have not agreed to marketing e-mails."
        elif message.is_marketing and is_blocked(blocked.get(message.lead.email), said_at):
            found[message.pk] = "The address is blocked."
        elif message.touch and message.touch.enrollment.state == Enrollment.State.EXITED:
            found[message.pk] = "They have left the program."
        elif message.touch and message.lead.stage not in allowed[message.touch.enrollment.program]:
            found[message.pk] = "They have moved on in the pipeline."
    return found


def _send_all(
    messages: Sequence[Message], line: Line, clock: Clock, *, checked_at: datetime
) -> int:
    """Send claimed messages while their check is fresh and the line stands; returns how many.

    Each result is recorded and the rest put back, whatever happens on the way.
    """
    results: list[tuple[Message, Answer]] = []
    rest, error = deque(messages), ""
    try:
        material = Material.load(messages)
        while rest and not (error := line.open()) and _is_fresh(checked_at, clock):
            message = rest.popleft()
            results.append((message, _send(message, material, line)))
    finally:
        record_results(results, at=clock.now())
        release(rest, at=clock.now(), error=error)
    return len(results)


def _is_fresh(checked_at: datetime, clock: Clock) -> bool:
    return clock.now() - checked_at <= CHECKED_FOR


@dataclass(frozen=True)
class Material:
    """What the texts of a batch are made of, loaded in a fixed number of queries."""

    texts: Mapping[tuple[int, int], Text]
    products: Mapping[int, list[Product]]
    about: Mapping[int, list[int]]

    @classmethod
    def load(cls, messages: Sequence[Message]) -> "Material":
        """Read what is to be said to whom."""
        return cls(
            texts=library.texts({(m.asset_id, m.asset_version) for m in messages}),
            products=queries.products_by_lead({m.lead_id for m in messages}),
            about=_products_of({m.asset_id for m in messages}),
        )

    def build(self, message: Message) -> EmailMessage:
        """The e-mail of one message."""
        products = self.products.get(message.lead_id, [])
        about = self.about.get(message.asset_id, ())
        context = lead_context(message.lead, products=products, about=about)
        text = self.texts[message.asset_id, message.asset_version]
        return build_email(message, text=text, context=context)


def _products_of(asset_ids: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    through = Asset.products.through.objects.filter(asset__in=asset_ids)
    for asset_id, product_id in through.values_list("asset_id", "product_id"):
        found.setdefault(asset_id, []).append(product_id)
    return found


def _send(message: Message, material: Material, line: Line) -> Answer:
    try:
        mail = material.build(message)
        message.subject = str(mail.subject)[:200]
        return line.send(mail)
    except Invalid as error:
        return Answer(Result.FAILED, str(error))
    except Exception as error:
        logger.exception("Message %s could not be sent", message.pk)
        line.close()  # nobody knows what has been said on it
        return Answer(Result.FAILED, f"{type(error).__name__}: {error}")


@transaction.atomic
def release(messages: Collection[Message], *, at: datetime, error: str = "") -> None:
    """Put claimed messages back unsent, as if they had not been claimed; `error`: why they wait."""
    erased = lock_erased({message.lead_id for message in messages})
    for message in messages:
        back = Message.State.CANCELLED if message.lead_id in erased else Message.State.QUEUED
        message.state, message.claimed_at = back, None
        message.attempts -= 1
        if error:
            message.next_attempt_at, message.error = at + SERVER_BACK_AFTER, error
        if message.lead_id in erased:
            _forget(message)
    fields = ["state", "claimed_at", "attempts", "next_attempt_at", "error"]
    Message.objects.bulk_update(messages, fields)


@transaction.atomic
def record_results(results: Sequence[tuple[Message, Answer]], *, at: datetime) -> None:
    """Write what became of messages, on the touches and in the leads' stories, too."""
    erased = lock_erased({message.lead_id for message, _ in results})
    for message, answer in results:
        _note_result(message, answer, at=at)
        if message.lead_id in erased:
            _forget(message)
    messages = [message for message, _ in results]
    fields = ["state", "sent_at", "error", "subject", "next_attempt_at", "claimed_at", "attempts"]
    Message.objects.bulk_update(messages, fields)
    _follow_touches(messages, at=at)
    bounced = [message.to_address for message, answer in results if answer.is_bounce]
    suppress(addresses=bounced, reason=Suppression.Reason.BOUNCED, at=at)
    sent = [message for message in messages if message.state == Message.State.SENT]
    if sent:
        leads.record_activities(activities=[_activity(message, at=at) for message in sent], at=at)


def _forget(message: Message) -> None:
    """What went out just before its receiver was erased: that it did stays, its words do not."""
    message.subject = message.error = ""
    if message.state == Message.State.QUEUED:
        message.state = Message.State.CANCELLED


def _note_result(message: Message, answer: Answer, *, at: datetime) -> None:
    message.error = answer.error.replace("\0", "")[:500]
    message.state = {
        Result.SENT: Message.State.SENT,
        Result.FAILED: Message.State.FAILED,
        Result.UNKNOWN: Message.State.UNKNOWN,
    }.get(answer.result, Message.State.QUEUED)
    if answer.result is Result.SENT:
        message.sent_at = at
    elif answer.result is Result.RETRY:
        wait = retry_after(message.attempts)
        message.next_attempt_at = at + (wait or timedelta())
        message.state = Message.State.QUEUED if wait else Message.State.FAILED


def _follow_touches(messages: Sequence[Message], *, at: datetime) -> None:
    """Give the touches of messages the state and the reason of their message."""
    touches = []
    for message in messages:
        state = TOUCH_STATES.get(Message.State(message.state))
        if message.touch and state:
            message.touch.state, message.touch.at = state, at
            message.touch.note = message.error[:200]
            touches.append(message.touch)
    Touch.objects.bulk_update(touches, ["state", "at", "note"])


def _activity(message: Message, *, at: datetime) -> Activity:
    return Activity(
        lead_id=message.lead_id,
        kind=Activity.Kind.EMAIL_SENT,
        occurred_at=at,
        asset_id=message.asset_id,
        title=message.subject,
        source_kind="message",
        source_id=message.pk,
    )


@transaction.atomic
def recover_messages(*, at: datetime) -> int:
    """Call messages unknown whose worker died while sending; they are shown, and not sent again."""
    lost = Message.objects.filter(state=Message.State.SENDING, claimed_at__lt=at - LOST_AFTER)
    messages = list(lost.select_for_update(skip_locked=True, of=("self",)).select_related("touch"))
    for message in messages:
        message.state = Message.State.UNKNOWN
        message.error = "The worker stopped while this was being sent."
    Message.objects.bulk_update(messages, ["state", "error"])
    _follow_touches(messages, at=at)
    return len(messages)
