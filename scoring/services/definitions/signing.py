"""Signing versions, and putting them into effect: at the second signature, or when their day comes."""

import logging
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from leadflow.core import nudges
from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from scoring import policies, queries
from scoring.models import DefinitionNote, LeadDefinition, WaitingLead
from scoring.services.definitions import writing
from scoring.services.definitions.following import stages_before

logger = logging.getLogger(__name__)

SIDES = policies.SIDES
State, Act, Takes = LeadDefinition.State, DefinitionNote.Act, LeadDefinition.TakesEffect

HOLD = """
INSERT INTO scoring_waitinglead (definition_id, lead_id, is_first)
SELECT %s, lead_id, TRUE FROM unnest(%s::bigint[]) AS lead_id
    ON CONFLICT DO NOTHING"""


@transaction.atomic
def sign_definition(
    *, definition_id: int, side: str, by: User, at: datetime, revision: int | None = None
) -> LeadDefinition:
    """Sign a proposal for one side ("marketing", "sales"), as it read in `revision`.

    The second signature puts it into effect, at once or when its day comes. Raises NotAllowed for the
    wrong role or a person who signed for the other side, Conflict when it is no proposal any more or
    was changed since it was read.
    """
    if side not in SIDES:
        raise Invalid("A definition is signed for marketing or for sales.", field="side")
    policies.check_may(f"sign_for_{side}", by=by)
    draft = writing.lock_draft(definition_id)
    if revision is not None:
        writing.check_revision(draft, revision)
    other = SIDES[1 - SIDES.index(side)]
    if getattr(draft, f"signed_by_{other}_id") == by.pk:
        raise NotAllowed(
            "The two sides are signed by two people: ask a colleague to sign this one."
        )
    if getattr(draft, f"{side}_signed_at") is not None:
        raise Conflict(f"This draft is signed for {side} already.")
    queries.check_terms(draft.handoff, queries.parts_of(draft))
    setattr(draft, f"signed_by_{side}", by)
    setattr(draft, f"{side}_signed_at", at)
    writing.note(draft, Act(side), by=by, at=at)
    if getattr(draft, f"{other}_signed_at") is not None:
        _agree(draft, at=at)
    draft.save()
    return draft


def begin_agreed(*, at: datetime) -> int:
    """Put the versions into effect whose day has come; returns how many."""
    due = LeadDefinition.objects.filter(state=State.AGREED, starts_at__lte=at)
    return sum(_begin(pk, at=at) for pk in due.order_by("starts_at").values_list("pk", flat=True))


@transaction.atomic
def _begin(definition_id: int, *, at: datetime) -> bool:
    """One of them, unless somebody was faster or it cannot be followed any more: its page says why."""
    writing.lock_handoff_of(definition_id)
    agreed = LeadDefinition.objects.select_for_update(of=("self",), no_key=True)
    agreed = agreed.select_related("handoff__offered", "handoff__accepted")
    definition = agreed.filter(pk=definition_id, state=State.AGREED).first()
    if definition is None:
        return False
    if fault := queries.find_fault(definition):
        logger.warning("%s does not take effect: %s", definition, fault)
        return False
    _put_into_effect(definition, at=at)
    definition.save()
    return True


def _agree(draft: LeadDefinition, *, at: datetime) -> None:
    """Both have signed: what was agreed before and has not begun is void."""
    earlier = LeadDefinition.objects.filter(handoff_id=draft.handoff_id, state=State.AGREED)
    for one in earlier.select_for_update(no_key=True):
        writing.withdraw(one, by=None, at=at, text=f"Version {draft.version} was agreed instead.")
    if draft.starts_at is not None and draft.starts_at > at:
        draft.state = State.AGREED
    else:
        _put_into_effect(draft, at=at)


def _put_into_effect(definition: LeadDefinition, *, at: datetime) -> None:
    """Replace the version in effect, all at once; whoever fulfils the new one already waits as agreed."""
    before = LeadDefinition.objects.filter(handoff_id=definition.handoff_id, state=State.SIGNED)
    for one in before.select_for_update(no_key=True):
        one.state, one.retired_at = State.RETIRED, at
        one.save(update_fields=["state", "retired_at"])
        WaitingLead.objects.filter(definition=one).delete()
        writing.note(one, Act.REPLACED, by=None, at=at, text=f"By version {definition.version}.")
    definition.state, definition.effective_at, definition.followed_to = State.SIGNED, at, at
    if definition.takes_effect != Takes.EVERYBODY:
        _hold_everybody(definition, at=at)
    writing.note(definition, Act.BEGAN, by=None, at=at)
    transaction.on_commit(partial(nudges.nudge, "follow_definitions"))


def _hold_everybody(definition: LeadDefinition, *, at: datetime) -> None:
    """Whoever fulfils it already waits; those who asked for it themselves never do."""
    ready = queries.ready_leads(definition, stages=stages_before(definition), at=at)
    ids = list(ready.filter(raises=False).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [definition.pk, ids])
