"""Guest lists as files: kept, looked at, then read in; the same file again changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.importing.guests import GuestParser, GuestRow
from leads.importing.reading import read_rows
from leads.importing.rows import RowError
from leads.models import Campaign, Guest, GuestFile
from leads.queries.suppression import keys_of, suppressed_keys
from leads.services.acts import Cause
from leads.services.attendees import (
    create_attendees,
    fill_in_attendees,
    key_of,
    match_attendees,
)
from leads.services.facts import FORGOTTEN
from leads.services.guests import (
    admit_guests,
    cancel_guests,
    invite_guests,
    list_leads_as_guests,
    register_guests,
    time_of,
)
from leads.services.people import lock_identity

CHUNK = 5_000
MOST_ROWS = 50_000
KEEP_ERRORS = 200
KEPT_FOR = timedelta(days=1)
State = Guest.State
# Of two rows about one person the one that says more counts
SAYS_MORE = [State.INVITED, State.REGISTERED, State.CANCELLED, State.ATTENDED]


@dataclass
class GuestTally:
    """What a guest list would do, or did; every row counts once."""

    rows: int = 0
    new: int = 0  # people nobody knew
    added: int = 0  # known people who were not on the list
    listed: int = 0  # on the list before
    duplicates: int = 0
    rejected: int = 0
    errors: list[dict[str, object]] = field(default_factory=list)

    def reject(self, error: RowError) -> None:
        """Count a row that was left out and keep why, of the first few."""
        self.rejected += 1
        if len(self.errors) < KEEP_ERRORS:
            self.errors.append(asdict(error))


@transaction.atomic
def keep_guest_file(*, campaign: Campaign, path: Path, by: User, at: datetime) -> GuestFile:
    """Keep a file until it has been looked at; raises Invalid when it cannot be read."""
    policies.check_may_manage_campaigns(by=by)
    header, lines = read_rows(path)
    rows = []
    for row in lines:
        if any(row):
            rows.append(row)
        if len(rows) > MOST_ROWS:
            raise Invalid(
                f"A guest list may have {MOST_ROWS:,} rows. Send it in parts.", field="file"
            )
    if not rows:
        raise Invalid(f"{path.name} names columns, but nobody.", field="file")
    return GuestFile.objects.create(
        campaign=campaign, name=path.name[:255], header=header, rows=rows, by=by, at=at
    )


def drop_guest_files(*, at: datetime) -> int:
    """Let go of files that nobody read in within a day: they hold personal data."""
    stale = GuestFile.objects.filter(done_at=None, at__lt=at - KEPT_FOR)
    return stale.delete()[0]


def foresee_guest_list(*, file: GuestFile, columns: Mapping[str, str], state: str) -> GuestTally:
    """What reading a file in would do; nothing is changed. Raises Invalid for columns that do not fit."""
    tally = GuestTally()
    for people in _understand(file, GuestParser(columns, file.header, state), tally):
        known = match_attendees([one.facts for one in people])
        people = _turn_away_forgotten(people, known, columns=columns, tally=tally)
        listed = set(
            Guest.objects.filter(campaign=file.campaign_id, lead__in=known.values()).values_list(
                "lead_id", flat=True
            )
        )
        _count(people, known, listed, tally)
    return tally


def import_guest_list(
    *, file: GuestFile, columns: Mapping[str, str], state: str, by: User, at: datetime
) -> GuestTally:
    """Read a file in: unknown people become leads of the campaign, everybody goes on its guest list.

    Each five thousand people commit together; rows that do not fit are named, the rest goes on.
    """
    policies.check_may_manage_campaigns(by=by)
    if file.done_at is not None:
        raise Conflict("This file has been read in already. Send it again to do it once more.")
    tally = GuestTally()
    for people in _understand(file, GuestParser(columns, file.header, state), tally):
        _import_chunk(people, file=file, columns=columns, by=by, at=at, tally=tally)
    file.rows, file.result, file.done_at = [], asdict(tally), at
    file.save(update_fields=["rows", "result", "done_at"])
    return tally


def _turn_away_forgotten(
    people: list[GuestRow],
    known: Mapping[str, int],
    *,
    columns: Mapping[str, str],
    tally: GuestTally,
) -> list[GuestRow]:
    """Those of a chunk who may be written down; strangers who asked to be forgotten are named."""
    strangers = [one for one in people if key_of(one.facts) not in known]
    forgotten = suppressed_keys({key for one in strangers for key in keys_of(one.facts)})
    if not forgotten:
        return people
    turned = set()
    for one in strangers:
        if name := next(
            (name for name, text in keys_of(one.facts) if (name, text) in forgotten), ""
        ):
            turned.add(one.row)
            tally.reject(RowError(one.row, columns.get(name, ""), FORGOTTEN))
    return [one for one in people if one.row not in turned]


def _understand(
    file: GuestFile, parser: GuestParser, tally: GuestTally
) -> Iterator[list[GuestRow]]:
    """Chunks of people, each person once in the file; the other rows are counted."""
    people: dict[str, GuestRow] = {}
    for number, row in enumerate(file.rows, start=2):
        tally.rows += 1
        parsed = parser.parse(number, row)
        if isinstance(parsed, RowError):
            tally.reject(parsed)
            continue
        before = people.get(key := key_of(parsed.facts))
        tally.duplicates += before is not None
        if before is None or _says_more(parsed, before):
            people[key] = parsed
    everybody = list(people.values())
    for start in range(0, len(everybody), CHUNK):
        yield everybody[start : start + CHUNK]


def _says_more(row: GuestRow, before: GuestRow) -> bool:
    return SAYS_MORE.index(row.state) > SAYS_MORE.index(before.state)


def _count(
    people: Sequence[GuestRow], known: Mapping[str, int], listed: set[int], tally: GuestTally
) -> None:
    ids = [known.get(key_of(one.facts)) for one in people]
    tally.new += ids.count(None)
    tally.listed += sum(pk in listed for pk in ids)
    tally.added += sum(pk is not None and pk not in listed for pk in ids)


@transaction.atomic
def _import_chunk(
    people: list[GuestRow],
    *,
    file: GuestFile,
    columns: Mapping[str, str],
    by: User,
    at: datetime,
    tally: GuestTally,
) -> None:
    lock_identity()
    known = match_attendees([one.facts for one in people])
    people = _turn_away_forgotten(people, known, columns=columns, tally=tally)
    guests = Guest.objects.filter(campaign=file.campaign_id, lead__in=known.values())
    _count(people, known, set(guests.values_list("lead_id", flat=True)), tally)
    strangers = [(one.facts, one.company) for one in people if key_of(one.facts) not in known]
    fill_in_attendees(
        {
            known[key]: (one.facts, one.company)
            for one in people
            if (key := key_of(one.facts)) in known
        },
        at=at,
    )
    cause = Cause("guest_list", file.pk)
    known |= create_attendees(strangers, campaign=file.campaign, cause=cause, at=at)
    ids_by_state: dict[State, list[int]] = {}
    for one in people:
        ids_by_state.setdefault(one.state, []).append(known[key_of(one.facts)])
    _mark(ids_by_state, file=file, by=by, at=at)


def _mark(
    ids_by_state: Mapping[State, list[int]], *, file: GuestFile, by: User, at: datetime
) -> None:
    """Put everybody on the list, each in the state that their row says."""
    campaign, source = file.campaign, "import"
    if invited := ids_by_state.get(State.INVITED):
        invite_guests(campaign_id=campaign.pk, lead_ids=invited, by=by, at=at, source=source)
    if registered := ids_by_state.get(State.REGISTERED):
        rows = [(campaign.pk, pk, at) for pk in registered]
        register_guests(campaign_ids_by_lead=rows, source=source)
    for state, act in ((State.ATTENDED, _admit), (State.CANCELLED, _cancel)):
        if lead_ids := ids_by_state.get(state):
            guests = list_leads_as_guests(
                campaign_id=campaign.pk, lead_ids=lead_ids, at=at, source=source
            )
            act(list(guests.values()), campaign, by, at)


def _admit(guest_ids: list[int], campaign: Campaign, by: User, at: datetime) -> None:
    admit_guests(guest_ids=guest_ids, by=by, at=at, came_at=time_of(campaign, at=at))


def _cancel(guest_ids: list[int], campaign: Campaign, by: User, at: datetime) -> None:
    cancel_guests(guest_ids=guest_ids, by=by, at=at)
