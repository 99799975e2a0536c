"""The next step of enrollments: one statement for one lead or a hundred thousand."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core import events
from nurture.engine.timing import MORNING
from nurture.events import EnrollmentsChanged
from nurture.queries import time_zone

# The rule of nurture.engine.timing.due_at, for many rows at once; a test holds the two together.
_DUE = """
    GREATEST(
        enrollment.counts_from,
        (
            (enrollment.counts_from AT TIME ZONE %(zone)s)::date + step.day
            + LEAST((enrollment.counts_from AT TIME ZONE %(zone)s)::time, %(morning)s::time)
        ) AT TIME ZONE %(zone)s
    )
"""
_STATEMENT = """
    WITH following AS (
        SELECT enrollment.id, step.id AS step_id, {due} AS due_at
          FROM nurture_enrollment AS enrollment
          LEFT JOIN LATERAL (
                   SELECT step.id, step.day
                     FROM nurture_step AS step
                    WHERE step.program_id = enrollment.program_id AND step.is_active
                      AND NOT EXISTS (
                              SELECT FROM nurture_touch AS touch
                               WHERE touch.enrollment_id = enrollment.id AND touch.step_id = step.id
                          )
                    ORDER BY step.day, step.position
                    LIMIT 1
               ) AS step ON TRUE
         WHERE enrollment.state = 'active' AND {which}
    )
    UPDATE nurture_enrollment AS enrollment
       SET next_step_id = following.step_id,
           next_due_at = CASE WHEN following.step_id IS NULL THEN NULL ELSE following.due_at END,
           state = CASE WHEN following.step_id IS NULL THEN 'finished' ELSE 'active' END,
           exited_at = CASE WHEN following.step_id IS NULL THEN %(at)s::timestamptz END
      FROM following
     WHERE enrollment.id = following.id
 RETURNING enrollment.lead_id, enrollment.state = 'finished'
"""
EVENT_SIZE = 5_000


def schedule(*, enrollment_ids: Collection[int], at: datetime) -> int:
    """Set what comes next for running enrollments; one that has taken every step is finished."""
    if not enrollment_ids:
        return 0
    return _run("enrollment.id = ANY(%(ids)s)", ids=list(enrollment_ids), at=at)


def tell(lead_ids: Collection[int], *, at: datetime) -> None:
    """Publish that the programs of leads have changed, a few thousand leads to an event."""
    ids = sorted(set(lead_ids))
    for start in range(0, len(ids), EVENT_SIZE):
        events.publish(EnrollmentsChanged(at=at, lead_ids=tuple(ids[start : start + EVENT_SIZE])))


def schedule_program(*, program_id: int, at: datetime) -> int:
    """Set what comes next for everybody in a program, after one of its steps has changed."""
    return _run("enrollment.program_id = %(program)s", program=program_id, at=at)


def _run(which: str, *, at: datetime, **params: Any) -> int:
    params |= {"zone": time_zone(), "morning": MORNING, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(which=which, due=_DUE), params)
        rows = cursor.fetchall()
    tell([lead_id for lead_id, has_finished in rows if has_finished], at=at)
    return len(rows)
