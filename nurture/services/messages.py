"""Sending: claimed and checked in one transaction, sent outside of any, recorded in another."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from content import queries as library
from content.models import Asset
from content.queries import Text
from leadflow.core.errors import Invalid
from leads import services as leads
from leads.models import Activity
from nurture import queries
from nurture.engine.timing import retry_after
from nurture.models import Enrollment, Message, Suppression, Touch
from nurture.rendering import build_email, lead_context
from nurture.services.line import Answer, Line, Result
from nurture.services.steps import is_blocked
from nurture.services.subscriptions import suppress

BATCH = 25
CHECKED_FOR_SECONDS = 1.0  # a check is good for this long; then the rest of a batch is claimed anew
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
        self._at, self._began = at, time.monotonic()

    def now(self) -> datetime:
        """The time it is now, as this sweep counts."""
        return self._at + timedelta(seconds=time.monotonic() - self._began)


@dataclass(frozen=True)
class Claimed:
    """Messages this worker alone may send, and how many rows were looked at in all."""

    messages: list[Message]
    looked_at: int


def send_messages(*, at: datetime) -> int:
    """Send every due message over one line; returns how many were sent, failed or called off."""
    clock, handled = Clock(at), 0
    with Line() as line:
        while (claimed := claim_messages(at=clock.now())).looked_at:
            handled += claimed.looked_at
            if not _send_all(claimed.messages, line, clock):
                break
    return handled


@transaction.atomic
def claim_messages(*, at: datetime, most: int = BATCH) -> Claimed:
    """Take up to `most` queued messages; those that may not go out any more are called off."""
    rows = list(
        Message.objects.filter(state=Message.State.QUEUED, next_attempt_at__lte=at)
        .filter(Q(touch=None) | Q(touch__enrollment__paused_at=None))
        .order_by("next_attempt_at", "id")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("lead", "lead__company", "lead__owner", "touch__enrollment__program")[:most]
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
        elif message.is_marketing and not is_given:
            found[message.pk] = "They have not agreed to marketing e-mails."
        elif message.is_marketing and is_blocked(blocked.get(message.lead.email), said_at):
            found[message.pk] = "The address is blocked."
        elif message.touch and message.touch.enrollment.state == Enrollment.State.EXITED:
            found[message.pk] = "They have left the program."
        elif message.touch and message.lead.stage not in allowed[message.touch.enrollment.program]:
            found[message.pk] = "They have moved on in the pipeline."
    return found


def _send_all(messages: Sequence[Message], line: Line, clock: Clock) -> bool:
    """Send claimed messages and record each result; False when the server is away."""
    materials = _load_materials(messages)
    began, results = time.monotonic(), []
    is_up = True
    for index, message in enumerate(messages):
        is_stale = index and time.monotonic() - began > CHECKED_FOR_SECONDS
        if is_stale or not is_up:
            release(messages[index:], at=clock.now(), is_up=is_up)
            break
        answer = _send(message, *materials[message.pk], line)
        is_up = answer.result is not Result.DOWN
        results.append((message, answer))
    record_results(results, at=clock.now())
    return is_up


def _load_materials(messages: Sequence[Message]) -> dict[int, tuple[Text, dict[str, object]]]:
    """Text and context per message, in a fixed number of queries."""
    texts = library.texts({(m.asset_id, m.asset_version) for m in messages})
    products = queries.products_by_lead({m.lead_id for m in messages})
    about = _products_of({m.asset_id for m in messages})
    return {
        m.pk: (
            texts[m.asset_id, m.asset_version],
            lead_context(
                m.lead, products=products.get(m.lead_id, []), about=about.get(m.asset_id, ())
            ),
        )
        for m in messages
    }


def _products_of(asset_ids: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    through = Asset.products.through.objects.filter(asset__in=asset_ids)
    for asset_id, product_id in through.values_list("asset_id", "product_id"):
        found.setdefault(asset_id, []).append(product_id)
    return found


def _send(message: Message, text: Text, context: dict[str, object], line: Line) -> Answer:
    try:
        mail = build_email(message, text=text, context=context)
    except Invalid as error:
        return Answer(Result.FAILED, str(error))
    message.subject = str(mail.subject)
    return line.send(mail)


@transaction.atomic
def release(messages: Sequence[Message], *, at: datetime, is_up: bool = True) -> None:
    """Put claimed messages back unsent, as if they had not been claimed."""
    for message in messages:
        message.state, message.claimed_at = Message.State.QUEUED, None
        message.attempts -= 1
        if not is_up:
            message.next_attempt_at = at + SERVER_BACK_AFTER
    Message.objects.bulk_update(messages, ["state", "claimed_at", "attempts", "next_attempt_at"])


@transaction.atomic
def record_results(results: Sequence[tuple[Message, Answer]], *, at: datetime) -> None:
    """Write what became of messages, on the touches and in the leads' stories, too."""
    for message, answer in results:
        _note_result(message, answer, at=at)
    messages = [message for message, _ in results]
    fields = ["state", "sent_at", "error", "subject", "next_attempt_at", "claimed_at", "attempts"]
    Message.objects.bulk_update(messages, fields)
    _follow_touches(messages, at=at)
    bounced = [message.to_address for message, answer in results if answer.is_bounce]
    suppress(addresses=bounced, reason=Suppression.Reason.BOUNCED, at=at)
    sent = [message for message in messages if message.state == Message.State.SENT]
    if sent:
        leads.record_activities(activities=[_activity(message, at=at) for message in sent], at=at)


def _note_result(message: Message, answer: Answer, *, at: datetime) -> None:
    message.error = answer.error[:500]
    message.state = {
        Result.SENT: Message.State.SENT,
        Result.FAILED: Message.State.FAILED,
        Result.UNKNOWN: Message.State.UNKNOWN,
    }.get(answer.result, Message.State.QUEUED)
    if answer.result is Result.SENT:
        message.sent_at = at
    elif answer.result is Result.DOWN:
        message.attempts -= 1
        message.next_attempt_at = at + SERVER_BACK_AFTER
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
