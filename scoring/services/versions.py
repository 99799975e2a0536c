"""Versions of the rules: a draft is written, published whole, prepared in the background, restored."""

from datetime import datetime
from functools import partial

from django.db import transaction

from leadflow.core import nudges
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from scoring import policies
from scoring.models import RuleSet
from scoring.services.rounds import lock_versions
from scoring.services.rules import check_version, copy_version
from scoring.services.turns import take_every_turn

State = RuleSet.State


@transaction.atomic
def start_draft(*, by: User | None, at: datetime, base: int | None = None) -> RuleSet:
    """Begin the next version as a copy of version `base`, or of the one in use.

    Raises Conflict while another is being written or prepared, Invalid when there is no such version.
    """
    policies.check_may("edit_rules", by=by)
    in_use = lock_versions()
    old = RuleSet.objects.filter(number=base).first() if base is not None else in_use
    if old is None:
        raise Invalid(f"There is no version {base}.", field="base")
    _check_nothing_waits()
    newest = RuleSet.objects.order_by("-number")[0]
    return copy_version(
        old,
        number=newest.number + 1,
        state=State.DRAFT,
        base=old.number,
        author=by,
        changed_at=at,
        published_at=None,
        comment="",
    )


@transaction.atomic
def discard_draft(*, by: User | None) -> None:
    """Drop the draft; the version in use stays as it is."""
    policies.check_may("edit_rules", by=by)
    lock_draft().delete()


@transaction.atomic
def publish_draft(
    *, by: User | None, at: datetime, comment: str = "", seen_at: datetime | None = None
) -> RuleSet:
    """Publish the draft: everybody is scored by it in the background, then it is put into use.

    Raises Invalid naming the first figure that does not fit, Conflict when the draft was changed
    after `seen_at`.
    """
    policies.check_may("edit_rules", by=by)
    draft = lock_draft()
    if seen_at is not None and draft.changed_at != seen_at:
        raise Conflict("Somebody has changed the draft meanwhile. Look at it and publish again.")
    check_version(draft, at=at)
    draft.state, draft.author, draft.comment = State.PREPARING, by, comment[:200]
    draft.changed_at = at
    draft.save(update_fields=["state", "author", "comment", "changed_at"])
    transaction.on_commit(partial(nudges.nudge, "refresh_scores"))
    return draft


@transaction.atomic
def withdraw_version(*, by: User | None, at: datetime) -> RuleSet:
    """Stop preparing a version: it is a draft again, and nothing has changed for anybody."""
    policies.check_may("edit_rules", by=by)
    lock_versions()
    take_every_turn()
    rules = RuleSet.objects.filter(state=State.PREPARING).first()
    if rules is None:
        raise Conflict("No version is being prepared: it is in use already, or was withdrawn.")
    rules.state, rules.changed_at = State.DRAFT, at
    rules.save(update_fields=["state", "changed_at"])
    return rules


def lock_draft() -> RuleSet:
    """The draft, locked; raises Conflict when there is none."""
    draft = RuleSet.objects.select_for_update(no_key=True).filter(state=State.DRAFT).first()
    if draft is None:
        raise Conflict("There is no draft any more: it was published or discarded.")
    return draft


def _check_nothing_waits() -> None:
    waiting = RuleSet.objects.filter(state__in=[State.DRAFT, State.PREPARING]).first()
    if waiting is None:
        return
    if waiting.state == State.DRAFT:
        raise Conflict(f"{waiting} is being written already: change it, or discard it first.")
    raise Conflict(f"{waiting} is being prepared. Wait until it is in use, or stop it.")
