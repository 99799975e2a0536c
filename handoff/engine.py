"""Dealing work to people: values in, one person and the reason out for each piece of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass
class Person:
    """Somebody who may be given work now: what they have, and since when they wait for more."""

    id: int
    load: int = 0
    last_at: datetime | None = None
    territory_ids: frozenset[int] = frozenset()
    turn: int = 0  # counts what was given in this round; later in the round waits longer

    @property
    def rank(self) -> tuple[int, int, float, int]:
        """Fewest open first, then the longest wait since the last one, then the id."""
        waited_since = self.last_at.timestamp() if self.last_at else 0.0
        return (self.load, self.turn, waited_since, self.id)


@dataclass(frozen=True)
class Work:
    """Something that waits for a person of one team."""

    id: int
    team_id: int
    team_name: str = ""
    owner_id: int | None = None
    territory_id: int | None = None
    territory_name: str = ""


class Given(NamedTuple):
    """Who gets a piece of work, and the words for why."""

    user_id: int
    because: str


def deal(
    work: Sequence[Work],
    teams: Mapping[int, Sequence[Person]],
    owners: Mapping[int, Person] | None = None,
) -> dict[int, Given]:
    """Give each piece of work to the person whose turn it is; work nobody may take is left out.

    The owner comes first (of the team, or one of `owners`), then, within the territory of the
    work, whoever has the fewest open. The loads of the people given in are counted up.
    """
    given: dict[int, Given] = {}
    turn = 0
    for piece in work:
        people = teams.get(piece.team_id, ())
        known = {person.id: person for person in people} if owners is None else owners
        person, because = _choose(piece, people, known)
        if person is None:
            continue
        turn += 1
        person.load, person.turn = person.load + 1, turn
        given[piece.id] = Given(person.id, because)
    return given


def _choose(
    work: Work, people: Sequence[Person], owners: Mapping[int, Person]
) -> tuple[Person | None, str]:
    owner = None if work.owner_id is None else owners.get(work.owner_id)
    if owner is not None:
        return owner, "Owner of this lead"
    if work.territory_id is None:
        best = min(people, key=lambda person: person.rank, default=None)
        return best, f"Fewest open in {work.team_name}"
    local = [person for person in people if work.territory_id in person.territory_ids]
    best = min(local, key=lambda person: person.rank, default=None)
    return best, f"Territory {work.territory_name}"
