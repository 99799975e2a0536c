"""Replays of the past: begun by people, worked through in the background, kept until newer ones come."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from leadflow.core import nudges
from leadflow.core.errors import Conflict, DomainError, Invalid
from leadflow.core.models import User
from leads.models import Handoff, Lead
from scoring import policies, queries
from scoring.engine.replays import thresholds
from scoring.models import LeadDefinition, RuleSet, Simulation
from scoring.queries.replays import Block, fields_of, replay
from scoring.services.definitions import stages_before
from scoring.services.turns import BLOCK

logger = logging.getLogger(__name__)

MONTHS = (3, 6, 12, 24)
MOST_RUNNING = 3
KEPT = 20
BLOCKS_A_RUN = 40  # then the worker is free for something else, and comes back
CHANGED = "The draft of the points was changed or discarded while this ran. Begin again."
BROKEN = "This could not be replayed: a part of the agreement or of the rules cannot be read."
State = Simulation.State


@dataclass(frozen=True)
class Question:
    """What is to be replayed: the agreement and the rules in use, or their drafts."""

    handoff_key: str
    uses_draft_definition: bool = False
    uses_draft_rules: bool = False
    months: int = 6
    axis: str = ""


@transaction.atomic
def start_simulation(*, question: Question, by: User, at: datetime) -> Simulation:
    """Begin a replay; it is worked through in the background and changes nothing.

    Raises NotAllowed, Invalid naming the field, or Conflict when too many are under way.
    """
    policies.check_may("simulate", by=by)
    if question.months not in MONTHS:
        raise Invalid("Choose 3, 6, 12 or 24 months.", field="months")
    if Simulation.objects.filter(state=State.RUNNING).count() >= MOST_RUNNING:
        raise Conflict("Other replays are still running: wait until one of them is done.")
    definition, rules = _definition(question), _rules(question)
    axes = thresholds(definition.condition)
    axis = question.axis or next(iter(axes), "")
    if axis and axis not in axes:
        raise Invalid(f"This agreement asks for no {axis} that could be moved.", field="axis")
    simulation = Simulation(
        handoff=definition.handoff,
        definition=_words(definition),
        condition=definition.condition,
        hand_raise=definition.hand_raise,
        exclusions=definition.exclusions,
        rule_set=rules,
        rules=f"points version {rules.number}" + (", a draft" if question.uses_draft_rules else ""),
        axis=axis,
        threshold=axes[axis] if axis else 1,
        months=question.months,
        from_at=at - queries.WEEK * round(question.months * 365 / 12 / 7),
        until_at=at,
        author=by,
        last_id=Lead.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
    )
    simulation.dated, simulation.undated = fields_of(simulation, queries.load_plan(rules))
    simulation.save()
    _drop_old()
    nudges.nudge("run_simulations")
    return simulation


@transaction.atomic
def discard_simulation(*, simulation_id: int, by: User) -> None:
    """Drop a replay and what it kept."""
    policies.check_may("simulate", by=by)
    Simulation.objects.filter(pk=simulation_id).delete()


def run_simulations(*, at: datetime) -> int:
    """Go on with the oldest replay that runs; returns how many blocks of leads were replayed."""
    for done in range(BLOCKS_A_RUN):
        if not _do_block(at=at):
            return done
    nudges.nudge("run_simulations")
    return BLOCKS_A_RUN


@transaction.atomic
def _do_block(*, at: datetime) -> bool:
    """Replay the next block of a simulation that nobody else works on; False when none waits."""
    running = Simulation.objects.filter(state=State.RUNNING).order_by("pk")
    locked = running.select_for_update(skip_locked=True, of=("self",))
    simulation = locked.select_related("handoff__offered", "rule_set").first()
    if simulation is None:
        return False
    try:
        with transaction.atomic():
            _replay_next(simulation, at=at)
    except (DomainError, DatabaseError) as error:
        logger.warning("replay %s failed: %s", simulation.pk, error)
        _fail(simulation, str(error) if isinstance(error, DomainError) else BROKEN, at=at)
    return True


def _replay_next(simulation: Simulation, *, at: datetime) -> None:
    rules = simulation.rule_set
    if rules is None or (rules.changed_at and rules.changed_at > simulation.until_at):
        raise Conflict(CHANGED)
    ahead = Lead.objects.filter(pk__gt=simulation.done_to, pk__lte=simulation.last_id)
    first = ahead.order_by("pk").values_list("pk", flat=True).first()
    if first is None:
        _finish(simulation, at=at)
        return
    last = min(first + BLOCK - 1, simulation.last_id)
    stages = stages_before(LeadDefinition(handoff=simulation.handoff))
    with (
        connection.cursor() as cursor
    ):  # sorts in memory; compiling would take longer than it saves
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
    block = Block(first, last, queries.floor_of(simulation), stages)
    replay(simulation, queries.load_plan(rules), block)
    simulation.done_to = last
    simulation.save(update_fields=["done_to"])


def _finish(simulation: Simulation, *, at: datetime) -> None:
    simulation.steps = queries.work_out_steps(simulation)
    simulation.real = queries.work_out_reality(simulation)
    simulation.state, simulation.finished_at = State.DONE, at
    simulation.done_to = simulation.last_id
    simulation.save(update_fields=["steps", "real", "state", "finished_at", "done_to"])


def _fail(simulation: Simulation, words: str, *, at: datetime) -> None:
    Simulation.objects.filter(pk=simulation.pk).update(
        state=State.FAILED, error=words[:300], finished_at=at
    )


def _definition(question: Question) -> LeadDefinition:
    state = LeadDefinition.State
    wanted = state.DRAFT if question.uses_draft_definition else state.SIGNED
    found = LeadDefinition.objects.filter(handoff__key=question.handoff_key, state=wanted)
    definition = found.select_related("handoff__offered").first()
    if definition is None:
        words = "No draft" if question.uses_draft_definition else "Nothing"
        if not Handoff.objects.filter(key=question.handoff_key).exists():
            raise Invalid(f"There is no hand-off “{question.handoff_key}”.", field="handoff")
        raise Invalid(f"{words} is agreed for this hand-off.", field="definition")
    return definition


def _words(definition: LeadDefinition) -> str:
    is_draft = definition.state == LeadDefinition.State.DRAFT
    return f"agreement version {definition.version}" + (", a draft" if is_draft else "")


def _rules(question: Question) -> RuleSet:
    if not question.uses_draft_rules:
        return queries.current_rules()
    draft = queries.draft()
    if draft is None:
        raise Invalid("Nobody writes a draft of the points at the moment.", field="rules")
    return draft


def _drop_old() -> None:
    old = Simulation.objects.exclude(state=State.RUNNING).order_by("-pk")
    Simulation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[KEPT:])).delete()
