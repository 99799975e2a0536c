"""The outbox: what goes out next, and what became of what went out."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from leadflow.core.models import User
from nurture.models import Enrollment, Letter, Message


@dataclass(frozen=True)
class OutboxCounts:
    """Figures at the head of the outbox."""

    queued: int
    sent: int
    failed: int
    unknown: int
    letters_waiting: int


def outbox_counts(*, user: User) -> OutboxCounts:
    """How many messages stand in which state, and letters that wait for the printer."""
    states = Message.objects.visible_to(user).order_by().values_list("state")
    counts = dict(states.annotate(count=Count("pk")))
    waiting = Letter.objects.visible_to(user).filter(state=Letter.State.WAITING).count()
    return OutboxCounts(
        queued=counts.get("queued", 0) + counts.get("sending", 0),
        sent=counts.get("sent", 0),
        failed=counts.get("failed", 0),
        unknown=counts.get("unknown", 0),
        letters_waiting=waiting,
    )


def next_out(*, user: User, most: int = 10) -> list[Enrollment]:
    """The next steps that will be taken, soonest first."""
    upcoming = (
        Enrollment.objects.visible_to(user)
        .active()
        .filter(paused_at=None, next_due_at__isnull=False, program__is_active=True)
    )
    return list(
        upcoming.select_related("lead", "lead__company", "program", "next_step").order_by(
            "next_due_at", "id"
        )[:most]
    )


def recent_messages(*, user: User, state: str = "") -> QuerySet[Message]:
    """Messages, newest first."""
    found = Message.objects.visible_to(user).select_related("lead", "asset", "touch__step__program")
    return (found.filter(state=state) if state else found).order_by("-id")
