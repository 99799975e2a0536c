"""Guest lists of events: asked, coming, here, or not coming. The first time of each counts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from leadflow.core import bulk, events
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import GuestsChanged
from leads.models import Activity, Campaign, Guest, Lead
from leads.models.campaigns import make_guest_code
from leads.services.activities import record_activities

BATCH = 5_000
SOURCE_KIND = "guest"  # of the activity that attending is
TAKE_BACK_WITHIN = timedelta(days=1)
State = Guest.State
RowT = TypeVar("RowT")

# What each way onto the list does to a guest who is on it already. Whoever registers after having
# cancelled is coming again; an invitation does not bring anybody back.
_ON_LIST = {
    "invited_at": """
        DO UPDATE SET invited_at = excluded.invited_at
                WHERE guest.invited_at IS NULL""",
    "registered_at": """
        DO UPDATE SET registered_at = COALESCE(guest.registered_at, excluded.registered_at),
                      cancelled_at = CASE WHEN guest.cancelled_at >= excluded.registered_at
                                          THEN guest.cancelled_at END
                WHERE guest.registered_at IS NULL
                   OR guest.cancelled_at < excluded.registered_at""",
    "": "DO NOTHING",
}


@transaction.atomic
def invite_guests(
    *, campaign_id: int, lead_ids: Collection[int], by: User, at: datetime, source: str = "by hand"
) -> int:
    """Put leads on a guest list as invited; returns how many were not invited before."""
    policies.check_may_manage_guests(by=by)
    return _put([(campaign_id, pk, at) for pk in lead_ids], "invited_at", source)


@transaction.atomic
def register_guests(
    *, campaign_ids_by_lead: Sequence[tuple[int, int, datetime]], source: str
) -> int:
    """Note who registered for what, given as (campaign id, lead id, at); the first time counts.

    Returns how many are registered, or coming again, who were not before.
    """
    return _put(campaign_ids_by_lead, "registered_at", source)


@transaction.atomic
def list_leads_as_guests(
    *, campaign_id: int, lead_ids: Collection[int], at: datetime, source: str
) -> dict[int, int]:
    """Put leads on a guest list, whatever is to become of them; returns guest ids by lead."""
    _put([(campaign_id, pk, at) for pk in lead_ids], "", source)
    guests = Guest.objects.filter(campaign=campaign_id, lead__in=list(lead_ids))
    return dict(guests.values_list("lead_id", "pk"))


def _put(rows: Sequence[tuple[int, int, datetime]], column: str, source: str) -> int:
    """Write rows of (campaign id, lead id, at) into one column of times, in the order of the leads."""
    firsts: dict[tuple[int, int], datetime] = {}
    for campaign_id, lead_id, at in rows:
        pair = lead_id, campaign_id
        firsts[pair] = min(at, firsts.get(pair, at))
    told: dict[int, list[int]] = {}
    for part in _parts(sorted(firsts.items())):
        for campaign_id, lead_id in _put_part(part, column, source):
            told.setdefault(campaign_id, []).append(lead_id)
    for campaign_id, lead_ids in told.items():
        _tell(campaign_id, lead_ids, at=max(at for _, _, at in rows))
    return sum(map(len, told.values()))


def _put_part(
    part: Sequence[tuple[tuple[int, int], datetime]], column: str, source: str
) -> list[tuple[int, int]]:
    """One statement; returns (campaign id, lead id) of those it changed."""
    names, values = (f", {column}", ", said.at") if column else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO leads_guest AS guest
                   (campaign_id, lead_id, code, source, note, created_at{names})
            SELECT said.campaign_id, said.lead_id, said.code, %s, '', now(){values}
              FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
                   AS said (campaign_id, lead_id, code, at)
                ON CONFLICT (campaign_id, lead_id) {_ON_LIST[column]}
            RETURNING guest.campaign_id, guest.lead_id
            """,
            [
                source[:80],
                [campaign_id for (_, campaign_id), _ in part],
                [lead_id for (lead_id, _), _ in part],
                [make_guest_code() for _ in part],
                [at for _, at in part],
            ],
        )
        return list(cursor.fetchall())


@transaction.atomic
def admit_guests(
    *,
    guest_ids: Collection[int],
    by: User | None,
    at: datetime,
    came_at: datetime | None = None,
    notes: Mapping[int, str] | None = None,
    is_silent: bool = False,
) -> list[Guest]:
    """Let guests in; returns those who were not here yet. Each attends once: one activity, one time.

    `came_at` is given where the list is written down later; `notes` hold what was said, by guest id.
    A silent batch revives nobody and offers nobody.
    """
    if by is not None:
        policies.check_may_manage_guests(by=by)
    fresh = [guest for guest in _lock(guest_ids) if guest.attended_at is None]
    moment = came_at or at
    for guest in fresh:
        guest.attended_at = moment
    bulk.update_columns(fresh, ["attended_at"])
    said = notes or {}
    rows = [_attendance(one, said.get(one.pk, ""), by=by, at=moment) for one in fresh]
    record_activities(activities=rows, at=at, is_silent=is_silent)
    _tell_guests(fresh, at=at)
    return fresh


def _attendance(guest: Guest, note: str, *, by: User | None, at: datetime) -> Activity:
    return Activity(
        lead_id=guest.lead_id,
        kind=Activity.Kind.EVENT,
        occurred_at=at,
        campaign_id=guest.campaign_id,
        by=by,
        title=guest.campaign.name,
        properties={"text": note} if note else {},
        source_kind=SOURCE_KIND,
        source_id=guest.pk,
    )


@transaction.atomic
def cancel_guests(*, guest_ids: Collection[int], by: User, at: datetime) -> list[Guest]:
    """Note that guests do not come; returns those of whom it is new. Who is here already stays."""
    policies.check_may_manage_guests(by=by)
    guests = _lock(guest_ids)
    fresh = [one for one in guests if one.attended_at is None and one.cancelled_at is None]
    for guest in fresh:
        guest.cancelled_at = at
    bulk.update_columns(fresh, ["cancelled_at"])
    _tell_guests(fresh, at=at)
    return fresh


@transaction.atomic
def take_back_guests(*, guest_ids: Collection[int], mark: str, by: User, at: datetime) -> int:
    """Undo one mark: registered, attended or cancelled; returns how many guests had it.

    Attending is taken back within a day: its activity goes, and a note says who took it back.
    """
    policies.check_may_manage_guests(by=by)
    if mark not in {State.REGISTERED, State.ATTENDED, State.CANCELLED}:
        raise Invalid(f"“{mark[:40]}” is nothing that can be taken back.", field="mark")
    column = f"{mark}_at"
    marked = [guest for guest in _lock(guest_ids) if getattr(guest, column) is not None]
    if mark == State.ATTENDED:
        _forget_attendance(marked, by=by, at=at)
    for guest in marked:
        setattr(guest, column, None)
    bulk.update_columns(marked, [column])
    _tell_guests(marked, at=at)
    return len(marked)


def _forget_attendance(guests: Sequence[Guest], *, by: User, at: datetime) -> None:
    """Take away what attending made; raises Conflict when a day has passed since it was written."""
    # By lead and event: a guest of a merged record attended under another number
    here = Q(pk__in=[])
    for guest in guests:
        here |= Q(lead=guest.lead_id, campaign=guest.campaign_id)
    made = Activity.objects.filter(here, source_kind=SOURCE_KIND, kind=Activity.Kind.EVENT)
    if made.filter(recorded_at__lt=at - TAKE_BACK_WITHIN).exists():
        raise Conflict(
            "A day has passed since somebody was let in: by now it counts. Write a note at the lead "
            "instead."
        )
    made.delete()
    notes = [
        Activity(
            lead_id=guest.lead_id,
            kind=Activity.Kind.NOTE,
            occurred_at=at,
            campaign_id=guest.campaign_id,
            by=by,
            title=f"Was not at {guest.campaign.name}: written down by mistake"[:200],
        )
        for guest in guests
    ]
    record_activities(activities=notes, at=at)


@transaction.atomic
def release_guests(*, guest_ids: Collection[int], by: User, at: datetime) -> int:
    """Take people off a guest list; returns how many. Whoever has attended stays on it."""
    policies.check_may_manage_guests(by=by)
    gone = [guest for guest in _lock(guest_ids) if guest.attended_at is None]
    Guest.objects.filter(pk__in=[guest.pk for guest in gone]).delete()
    _tell_guests(gone, at=at)
    return len(gone)


def time_of(campaign: Campaign, *, at: datetime) -> datetime:
    """When somebody attended who is written down at `at`: now, or noon of the day it ended before."""
    last = campaign.ends_on or campaign.starts_on
    if last is None or last >= timezone.localdate(at):
        return at
    return timezone.make_aware(datetime.combine(last, time(12)))


def _lock(guest_ids: Collection[int]) -> list[Guest]:
    """Guests in id order, with their campaign; their leads are locked before them."""
    guests = Guest.objects.filter(pk__in=list(guest_ids), lead__erased_at=None)
    leads = Lead.objects.select_for_update(no_key=True).filter(pk__in=guests.values("lead_id"))
    list(leads.order_by("pk").values_list("pk", flat=True))
    locked = guests.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    return list(locked.order_by("pk"))


def _tell_guests(guests: Sequence[Guest], *, at: datetime) -> None:
    told: dict[int, list[int]] = {}
    for guest in guests:
        told.setdefault(guest.campaign_id, []).append(guest.lead_id)
    for campaign_id, lead_ids in told.items():
        _tell(campaign_id, lead_ids, at=at)


def _tell(campaign_id: int, lead_ids: Iterable[int], *, at: datetime) -> None:
    for part in _parts(sorted(set(lead_ids))):
        events.publish(GuestsChanged(at=at, campaign_id=campaign_id, lead_ids=tuple(part)))


def _parts(rows: Sequence[RowT]) -> Iterable[Sequence[RowT]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
