"""What people send: stored before anything else, understood afterwards, and never lost."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q

from leadflow.core import nudges
from leadflow.core.intake import Intake
from leads.models import Form, FormSubmission
from leads.services.people import lock_identity
from leads.services.tracking import process_beacons
from leads.services.understanding import understand

logger = logging.getLogger(__name__)

BATCH = 200
# Trouble of the database may be anybody's fault in a batch: whoever met it so often is taken alone,
# and in the end given up.
MOST_TOGETHER = 3
MOST_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(minutes=10)

_intake = Intake(FormSubmission, ignore_conflicts=True)


def receive_submission(
    *,
    form: Form,
    values: Mapping[str, Any],
    token: str,
    visitor_id: UUID | None,
    source: str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Keep what was sent, once per `token`; when this returns, nothing can lose it."""
    _intake.put(
        FormSubmission(
            form_id=form.pk,
            values=dict(values),
            token=token,
            visitor_id=visitor_id,
            source=source[:80],
            context=dict(context or {}),
            received_at=at,
        )
    )
    nudges.nudge("process_submissions")


def is_received(*, token: str) -> bool:
    """Whether a submission with this token has come."""
    return FormSubmission.objects.filter(token=token).exists()


def process_submissions(*, at: datetime) -> int:
    """Turn waiting submissions into leads, activities and consents; returns how many were taken.

    A batch that meets trouble of the database (a deadlock, a lock held for too long) waits for its
    next turn while the others go on.
    """
    process_beacons(at=at)  # what the browsers of these people reported before comes first
    taken = 0
    for alone in (False, True):
        while batch := _take(at=at, alone=alone):
            taken += batch
    return taken


def reprocess_submissions(*, submission_ids: Collection[int], at: datetime) -> int:
    """Try failed submissions again; returns how many of them could now be understood."""
    failed = FormSubmission.objects.filter(
        pk__in=list(submission_ids), state=FormSubmission.State.FAILED
    )
    ids = list(failed.values_list("pk", flat=True))
    failed.filter(pk__in=ids).update(
        state=FormSubmission.State.RECEIVED, error="", attempts=0, next_attempt_at=None
    )
    process_submissions(at=at)
    return FormSubmission.objects.filter(pk__in=ids, state=FormSubmission.State.DONE).count()


def _take(*, at: datetime, alone: bool) -> int:
    ids: list[int] = []
    try:
        _process_batch(ids, at=at, alone=alone)
    except OperationalError as error:
        if not ids:  # the database itself is away: that is nobody's fault
            raise
        _note_trouble(ids, error=error, at=at)
    return len(ids)


@transaction.atomic
def _process_batch(ids: list[int], *, at: datetime, alone: bool) -> None:
    """Claim and understand the next ones; `ids` holds them even where that fails."""
    tried = Q(attempts__gte=MOST_TOGETHER) if alone else Q(attempts__lt=MOST_TOGETHER)
    is_due = Q(next_attempt_at=None) | Q(next_attempt_at__lte=at)
    submissions = list(
        FormSubmission.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("form__campaign")
        .filter(is_due, tried, state=FormSubmission.State.RECEIVED)
        .order_by("id")[: 1 if alone else BATCH]
    )
    ids += [submission.pk for submission in submissions]
    if submissions:
        lock_identity()
        _understand_each(submissions, at=at)


def _understand_each(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    """All at once; when something in the batch breaks, one by one, so that it stands alone."""
    try:
        with transaction.atomic():
            understand(submissions, at=at)
    except OperationalError:
        raise
    except Exception as error:
        if len(submissions) == 1:
            logger.exception("submission %s could not be understood", submissions[0].pk)
            _give_up(submissions[0], error)
            return
        for submission in submissions:
            _understand_each([submission], at=at)


def _give_up(submission: FormSubmission, error: Exception) -> None:
    submission.state = FormSubmission.State.FAILED
    submission.error = str(error).replace("\x00", "")[:2000]
    submission.save(update_fields=["state", "error"])


@transaction.atomic
def _note_trouble(ids: Collection[int], *, error: Exception, at: datetime) -> None:
    """Put off what met trouble, longer each time; whoever met it too often fails with the reason."""
    logger.warning("the database had trouble with %s submissions: %s", len(ids), error)
    waiting = FormSubmission.objects.filter(pk__in=ids, state=FormSubmission.State.RECEIVED)
    rows = list(waiting.select_for_update(skip_locked=True).order_by("pk"))
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = at + min(timedelta(seconds=2**row.attempts), LONGEST_PAUSE)
        if row.attempts >= MOST_ATTEMPTS:
            row.state = FormSubmission.State.FAILED
            row.error = f"The database could not take it {row.attempts} times: {error}"[:2000]
    FormSubmission.objects.bulk_update(rows, ["attempts", "next_attempt_at", "state", "error"])
