"""Who gets an offer: one person each, fairly, also when many workers ask at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from handoff import policies
from handoff.engine import Given, Person, Work, deal
from handoff.events import OffersAssigned
from handoff.models import Turn
from leadflow.core import events
from leadflow.core.models import Team, User
from leads import services as leads
from leads.models import Lead, Offer, Territory

ROUTING_LOCK = 5_323_101


@transaction.atomic
def assign_waiting(*, at: datetime, lead_ids: Collection[int] | None = None) -> int:
    """Give every waiting offer to a person; returns how many were given.

    Offers without an assignee and those of people who are away move; without anybody to take
    them they stay in the queue of the team. Imported offers have no clock and stay there, too.
    """
    waiting = _waiting(at=at, lead_ids=lead_ids)
    if not waiting.exists():
        return 0
    take_routing_turn()
    lock_leads(waiting.values("lead_id"))
    offers = list(
        waiting.select_related("team", "lead__territory").order_by(
            "-is_hand_raise", "due_at", "-lead__score", "id"
        )
    )
    team = people_of({offer.team for offer in offers}, roles=policies.RECEIVERS, at=at)
    count_loads(team, _open_offers(team))
    return _give(deal([_as_work(offer) for offer in offers], by_team(team)), at=at)


def _waiting(*, at: datetime, lead_ids: Collection[int] | None) -> QuerySet[Offer]:
    offers = Offer.objects.pending().filter(
        Q(assignee=None) | Q(assignee__in=away(at=at)),
        handoff__is_active=True,
        team__isnull=False,
        due_at__isnull=False,
    )
    return offers if lead_ids is None else offers.filter(lead__in=list(lead_ids))


def away(*, at: datetime) -> list[int]:
    """Ids of everybody who takes no work at `at`."""
    present = User.objects.get_queryset().available(at)
    return list(User.objects.exclude(pk__in=present.values("pk")).values_list("pk", flat=True))


def take_routing_turn() -> None:
    """Let one transaction at a time hand out work, so that each sees what the last one gave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROUTING_LOCK])


def lock_leads(lead_ids: Any) -> list[int]:
    """Lock leads in id order, as the verbs do, before their offers are touched."""
    rows = Lead.objects.filter(pk__in=lead_ids).order_by("pk")
    return [lead.pk for lead in rows.select_for_update(no_key=True, of=("self",)).only("pk")]


def _as_work(offer: Offer) -> Work:
    territory = offer.lead.territory
    return Work(
        id=offer.pk,
        team_id=offer.team_id or 0,
        team_name=str(offer.team),
        owner_id=offer.lead.owner_id,
        territory_id=territory.pk if territory else None,
        territory_name=territory.name if territory else "",
    )


def people_of(
    teams: Iterable[Team | None], *, roles: Mapping[str, str], at: datetime
) -> dict[User, Person]:
    """The people of these teams who may be given work at `at`: by side of the team, one role."""
    receiving = Q(pk=None)
    for team in teams:
        if team is not None and team.side in roles:
            receiving |= Q(team=team, role=roles[team.side])
    users = list(User.objects.get_queryset().available(at).filter(receiving).order_by("pk"))
    turns = dict(Turn.objects.filter(user__in=users).values_list("user_id", "last_at"))
    territories = territories_of([user.pk for user in users])
    return {
        user: Person(user.pk, last_at=turns.get(user.pk), territory_ids=territories[user.pk])
        for user in users
    }


def by_team(people: Mapping[User, Person]) -> dict[int, list[Person]]:
    """People by the id of their team."""
    teams = defaultdict(list)
    for user, person in people.items():
        teams[user.team_id or 0].append(person)
    return dict(teams)


def count_loads(people: Mapping[User, Person], loads: Mapping[int | None, int]) -> None:
    """Write what everybody has open into `people`."""
    for person in people.values():
        person.load = loads.get(person.id, 0)


def _open_offers(people: Iterable[User]) -> dict[int | None, int]:
    offers = Offer.objects.pending().filter(assignee__in=list(people)).order_by()
    return dict(offers.values_list("assignee").annotate(Count("pk")))


def territories_of(user_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Ids of the territories of each user."""
    found: dict[int, set[int]] = defaultdict(set)
    members = Territory.members.through.objects.filter(user_id__in=list(user_ids))
    for user_id, territory_id in members.values_list("user_id", "territory_id"):
        found[user_id].add(territory_id)
    return {user_id: frozenset(found[user_id]) for user_id in user_ids}


def _give(given: dict[int, Given], *, at: datetime) -> int:
    if not given:
        return 0
    offers = leads.assign_offers(
        assignees={offer_id: (to.user_id, to.because) for offer_id, to in given.items()}, at=at
    )
    note_turns({offer.assignee_id for offer in offers if offer.assignee_id}, at=at)
    events.publish(OffersAssigned(at=at, offer_ids=tuple(offer.pk for offer in offers)))
    return len(offers)


def note_turns(user_ids: Collection[int], *, at: datetime) -> None:
    """Remember that these people have just been given an offer."""
    Turn.objects.bulk_create(
        [Turn(user_id=user_id, last_at=at) for user_id in sorted(user_ids)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["last_at"],
    )
