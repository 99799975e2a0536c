"""Programs and messages of two records that become one: nobody is in a program or told something twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from leadflow.core.parts import MergeRule
from leads.models import Lead
from nurture import queries
from nurture.models import Enrollment, ExitReason, Letter, Message, Touch
from nurture.services.enrollments import exit_enrollments

HAVE_IT = "They have it already: two records of them were merged."


def join_programs(kept_id: int, gone_id: int, at: datetime) -> None:
    """End what does not fit the one record, and call off what the other has had already.

    Of two runs of one program the older goes on. A program that the record which goes was in ends where
    it is not for the stage of the kept one; all end where the last word of either was no.
    """
    _end_unfit(kept_id, gone_id, at=at)
    _renumber(kept_id, gone_id)
    _call_off_repeated(kept_id, gone_id, at=at)


def _end_unfit(kept_id: int, gone_id: int, *, at: datetime) -> None:
    running = Enrollment.objects.active().filter(lead__in=[kept_id, gone_id])
    rows = list(running.select_related("program").order_by("entered_at", "pk"))
    if not rows:
        return
    if _is_unwilling([kept_id, gone_id]):
        ids = [row.pk for row in rows]
        exit_enrollments(enrollment_ids=ids, reason=ExitReason.UNSUBSCRIBED, at=at)
        return
    stage = Lead.objects.values_list("stage", flat=True).get(pk=kept_id)
    left = [
        row
        for row in rows
        if row.lead_id == gone_id and stage not in queries.allowed_stages(row.program)
    ]
    _exit(left, ExitReason.LEFT_STAGE, at=at)
    seen: set[int] = set()
    later = []
    for row in (row for row in rows if row not in left):
        if row.program_id in seen:
            later.append(row)
        seen.add(row.program_id)
    _exit(later, ExitReason.MERGED, at=at)


def _exit(rows: Sequence[Enrollment], reason: ExitReason, *, at: datetime) -> None:
    ids = [row.pk for row in rows]
    exit_enrollments(enrollment_ids=ids, reason=reason, note="merged", at=at)


def _is_unwilling(lead_ids: Sequence[int]) -> bool:
    """Whether the last word of either record was no; of two at the same moment the no counts."""
    words = queries.marketing_words(lead_ids).values()
    return bool(words) and not max(words, key=lambda word: (word[1], not word[0]))[0]


def _renumber(kept_id: int, gone_id: int) -> None:
    """Entries of the record that goes come after all of the kept one, program by program."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE nurture_enrollment AS enrollment
               SET entry = entry + taken.last
              FROM (SELECT program_id, max(entry) AS last, count(DISTINCT lead_id) AS records
                      FROM nurture_enrollment
                     WHERE lead_id IN (%(kept)s, %(gone)s)
                     GROUP BY program_id) AS taken
             WHERE enrollment.lead_id = %(gone)s AND enrollment.program_id = taken.program_id
               AND taken.records = 2
            """,
            {"kept": kept_id, "gone": gone_id},
        )


def _call_off_repeated(kept_id: int, gone_id: int, *, at: datetime) -> None:
    """Of one content version for both records only one goes out, and none where one has."""
    mail, post = Message.State, Letter.State
    messages = Message.objects.filter(is_marketing=True)
    for mine, theirs, on_its_way in ((gone_id, kept_id, True), (kept_id, gone_id, False)):
        had = [mail.SENDING, mail.SENT, mail.UNKNOWN] + [mail.QUEUED] * on_its_way
        repeated = messages.filter(
            _has_same(Message.objects.filter(lead=theirs, state__in=had)),
            lead=mine,
            state=mail.QUEUED,
        )
        ids = list(repeated.values_list("pk", flat=True))
        Message.objects.filter(pk__in=ids).update(state=mail.CANCELLED, error=HAVE_IT)
        _call_off(Touch.objects.filter(message__in=ids), at=at)
        printed = [post.PRINTING, post.PRINTED] + [post.WAITING] * on_its_way
        letters = Letter.objects.filter(
            _has_same(Letter.objects.filter(lead=theirs, state__in=printed)),
            lead=mine,
            state=post.WAITING,
        )
        ids = list(letters.values_list("pk", flat=True))
        Letter.objects.filter(pk__in=ids).update(state=post.CANCELLED, error=HAVE_IT)
        _call_off(Touch.objects.filter(letter__in=ids), at=at)


def _has_same(rows: QuerySet[Any]) -> Exists:
    """Whether one of the rows holds the same version of the same content."""
    return Exists(rows.filter(asset=OuterRef("asset"), asset_version=OuterRef("asset_version")))


def _call_off(touches: QuerySet[Touch], *, at: datetime) -> None:
    touches.filter(state=Touch.State.WAITING).update(
        state=Touch.State.CANCELLED, at=at, note=HAVE_IT
    )


JOIN = MergeRule(
    (
        "nurture.enrollments",
        "nurture.touches",
        "nurture.messages",
        "nurture.letters",
        "nurture.tasks",
    ),
    join_programs,
)
