"""Who does the tasks that programs and people create."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from handoff import policies
from handoff.engine import Person, Work, deal
from handoff.services.clocks import stamp_responses
from handoff.services.routing import away, by_team, count_loads, people_of, take_routing_turn
from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leads.models import Offer
from nurture import services as nurture
from nurture.models import Task


@transaction.atomic
def assign_tasks(*, at: datetime, task_ids: Collection[int] | None = None) -> int:
    """Give every task that nobody has, or somebody who is away, to a person; returns how many.

    The owner of the lead comes first, then whoever of the team has the fewest open.
    """
    absent = away(at=at)
    waiting = Task.objects.open().filter(Q(assignee=None) | Q(assignee__in=absent))
    if task_ids is not None:
        waiting = waiting.filter(pk__in=list(task_ids))
    if not waiting.exists():
        return 0
    take_routing_turn()
    tasks = list(
        waiting.select_related("team", "lead__territory", "lead__owner").order_by("due_at", "pk")
    )
    people = people_of({task.team for task in tasks}, roles=policies.WORKERS, at=at)
    owners = {
        task.lead.owner for task in tasks if task.lead.owner and task.lead.owner_id not in absent
    }
    everybody = {owner: Person(owner.pk) for owner in owners} | people
    count_loads(everybody, _open_tasks(everybody))
    known = {person.id: person for person in everybody.values()}
    given = deal([_as_work(task) for task in tasks], by_team(people), owners=known)
    assignees = {task_id: to.user_id for task_id, to in given.items()}
    return len(nurture.assign_tasks_to(assignees=assignees, at=at)) if assignees else 0


def _open_tasks(people: Collection[User]) -> dict[int | None, int]:
    tasks = Task.objects.open().filter(assignee__in=list(people)).order_by()
    return dict(tasks.values_list("assignee").annotate(Count("pk")))


def _as_work(task: Task) -> Work:
    territory = task.lead.territory
    return Work(
        id=task.pk,
        team_id=task.team_id or 0,
        team_name=str(task.team or ""),
        owner_id=task.lead.owner_id,
        territory_id=territory.pk if territory else None,
        territory_name=territory.name if territory else "",
    )


@transaction.atomic
def finish_task(*, task_id: int, by: User, outcome: str, at: datetime, note: str = "") -> bool:
    """Write down what came of a task; False when `by` has said exactly this before."""
    try:
        with transaction.atomic():
            nurture.complete_task(task_id=task_id, by=by, outcome=outcome, note=note, at=at)
    except Conflict:
        if Task.objects.filter(pk=task_id, done_by=by, outcome=outcome).exists():
            return False
        raise
    return True


@transaction.atomic
def stamp_calls(*, task_ids: Collection[int]) -> int:
    """Count finished calls as the first response to offers of the caller's team."""
    calls = Task.objects.filter(pk__in=list(task_ids), kind=Task.Kind.CALL, done_at__isnull=False)
    calls = calls.filter(done_by__isnull=False).select_related("done_by")
    offers = Offer.objects.pending().filter(lead__in=calls.values("lead_id")).select_related("team")
    waiting = {offer.lead_id: offer for offer in offers}
    stamped = 0
    for call in calls:
        offer, by, at = waiting.get(call.lead_id), call.done_by, call.done_at
        if offer and by and at and not policies.decision_refused(offer, by=by):
            stamped += stamp_responses(offer_ids=[offer.pk], by=by, at=at)
    return stamped
