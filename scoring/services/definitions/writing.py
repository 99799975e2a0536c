"""Writing versions of a definition: proposed, changed, talked about, withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import queries as lead_queries
from leads.models import Handoff
from scoring import policies, queries
from scoring.models import DefinitionNote, LeadDefinition
from scoring.models.definitions import nobody

MOST_A_DAY = 100_000
LONGEST_COMMENT = 300
LONGEST_NOTE = 2_000
State, Act, Takes = LeadDefinition.State, DefinitionNote.Act, LeadDefinition.TakesEffect


@dataclass(frozen=True)
class Terms:
    """The text of a version: whom it means, from when, and how it takes effect.

    `a_day` belongs to the way "daily"; `starts_at` None means as soon as both have signed.
    """

    condition: Mapping[str, Any]
    hand_raise: Mapping[str, Any] = field(default_factory=nobody)
    exclusions: Mapping[str, Any] = field(default_factory=nobody)
    takes_effect: str = Takes.NEXT_ACTIVITY
    a_day: int | None = None
    first_come: str = LeadDefinition.Order.OLDEST
    starts_at: datetime | None = None
    comment: str = ""

    @property
    def parts(self) -> tuple[Mapping[str, Any], ...]:
        """Its conditions."""
        return self.condition, self.hand_raise, self.exclusions

    def columns(self) -> dict[str, Any]:
        """The same as columns of a version."""
        return {
            "condition": dict(self.condition),
            "hand_raise": dict(self.hand_raise),
            "exclusions": dict(self.exclusions),
            "takes_effect": self.takes_effect,
            "a_day": self.a_day if self.takes_effect == Takes.DAILY else None,
            "first_come": self.first_come,
            "starts_at": self.starts_at,
            "comment": self.comment.strip()[:LONGEST_COMMENT],
        }


@transaction.atomic
def propose_definition(
    *, handoff_key: str, by: User | None, at: datetime, **said: Any
) -> LeadDefinition:
    """Write the next version for both sides to read and sign; `said` are `Terms`.

    A proposal that waited is withdrawn, signatures and all. Raises Invalid naming the field and the
    part of the condition that does not fit.
    """
    policies.check_may("propose_definition", by=by)
    handoff = lock_handoff(handoff_key)
    terms = Terms(**said)
    _check(terms, handoff, at=at)
    versions = LeadDefinition.objects.filter(handoff=handoff)
    for waiting in versions.filter(state=State.DRAFT):
        withdraw(waiting, by=by, at=at, text="Another proposal took its place.")
    newest = versions.order_by("-version").values_list("version", flat=True).first()
    definition = LeadDefinition.objects.create(
        handoff=handoff, version=(newest or 0) + 1, author=by, created_at=at, **terms.columns()
    )
    note(definition, Act.PROPOSED, by=by, at=at, text=definition.comment)
    return definition


@transaction.atomic
def revise_definition(
    *, definition_id: int, revision: int, by: User, at: datetime, **said: Any
) -> LeadDefinition:
    """Change the text of a proposal that `by` read as `revision`; whoever has signed has to sign anew.

    Raises Conflict when it is no proposal any more, or somebody else has changed it meanwhile.
    """
    policies.check_may("propose_definition", by=by)
    draft = lock_draft(definition_id)
    check_revision(draft, revision)
    terms = Terms(**said)
    _check(terms, draft.handoff, at=at)
    columns = terms.columns()
    if all(getattr(draft, name) == value for name, value in columns.items()):
        return draft
    for name, value in columns.items():
        setattr(draft, name, value)
    draft.revision += 1
    draft.signed_by_marketing = draft.marketing_signed_at = None
    draft.signed_by_sales = draft.sales_signed_at = None
    draft.save()
    note(draft, Act.CHANGED, by=by, at=at, text=draft.comment)
    return draft


@transaction.atomic
def discard_definition(*, definition_id: int, by: User, at: datetime) -> None:
    """Withdraw a version that is proposed, or agreed but not in effect yet; it stays to be read."""
    policies.check_may("propose_definition", by=by)
    lock_handoff_of(definition_id)
    waiting = LeadDefinition.objects.select_for_update(of=("self",), no_key=True)
    waiting = waiting.filter(pk=definition_id, state__in=[State.DRAFT, State.AGREED])
    if (definition := waiting.first()) is None:
        raise Conflict("This version is in effect or gone: it cannot be withdrawn any more.")
    withdraw(definition, by=by, at=at)


@transaction.atomic
def comment_definition(*, definition_id: int, text: str, by: User, at: datetime) -> DefinitionNote:
    """Say something about a version, for both sides to read."""
    policies.check_may("see", by=by)
    words = text.strip()
    if not words:
        raise Invalid("Write something first.", field="text")
    if len(words) > LONGEST_NOTE:
        raise Invalid(f"A comment has {LONGEST_NOTE:,} characters at most.", field="text")
    definition = LeadDefinition.objects.filter(pk=definition_id).first()
    if definition is None:
        raise Conflict("There is no such version.")
    return note(definition, Act.SAID, by=by, at=at, text=words)


def note(
    definition: LeadDefinition, act: str, *, by: User | None, at: datetime, text: str = ""
) -> DefinitionNote:
    """Append a line to what was done with a version."""
    return DefinitionNote.objects.create(definition=definition, act=act, by=by, at=at, text=text)


def withdraw(definition: LeadDefinition, *, by: User | None, at: datetime, text: str = "") -> None:
    """Put away a locked version that never took effect."""
    definition.state, definition.retired_at = State.WITHDRAWN, at
    definition.save(update_fields=["state", "retired_at"])
    note(definition, Act.WITHDRAWN, by=by, at=at, text=text)


def lock_handoff(key: str) -> Handoff:
    """A hand-off, locked: one at a time writes or begins its versions."""
    handoffs = Handoff.objects.select_for_update(no_key=True, of=("self",))
    handoff = handoffs.select_related("offered", "accepted").filter(key=key).first()
    if handoff is None:
        raise Invalid(f"There is no hand-off “{key}”.", field="handoff")
    return handoff


def lock_handoff_of(definition_id: int) -> None:
    """The hand-off of a version, locked; nothing where the version is gone."""
    of_it = LeadDefinition.objects.filter(pk=definition_id).values("handoff")
    list(Handoff.objects.select_for_update(no_key=True).filter(pk__in=of_it))


def lock_draft(definition_id: int) -> LeadDefinition:
    """A proposal, locked after its hand-off; raises Conflict when it is none any more."""
    lock_handoff_of(definition_id)
    drafts = LeadDefinition.objects.select_for_update(of=("self",), no_key=True)
    drafts = drafts.select_related("handoff__offered", "handoff__accepted")
    draft = drafts.filter(pk=definition_id, state=State.DRAFT).first()
    if draft is None:
        raise Conflict("This draft is gone: it was replaced, withdrawn or put into effect.")
    return draft


def check_revision(draft: LeadDefinition, revision: int) -> None:
    """Raise Conflict when the text is another one than somebody has read."""
    if draft.revision != revision:
        raise Conflict("The text was changed after you opened it. Read it again first.")


def _check(terms: Terms, handoff: Handoff, *, at: datetime) -> None:
    """Raise Invalid naming what of the terms does not fit."""
    queries.check_terms(handoff, terms.parts)
    for name, part in zip(("condition", "hand_raise", "exclusions"), terms.parts, strict=True):
        try:
            lead_queries.check_choices(part)
        except lead_queries.Misfit as error:
            raise lead_queries.Misfit(str(error), field=name, path=error.path) from None
    if terms.takes_effect not in Takes.values:
        raise Invalid("Say how the definition takes effect.", field="takes_effect")
    if terms.first_come not in LeadDefinition.Order.values:
        raise Invalid("Say who comes first.", field="first_come")
    if terms.takes_effect == Takes.DAILY and not 1 <= (terms.a_day or 0) <= MOST_A_DAY:
        raise Invalid("Say how many leads a day at most, one or more.", field="a_day")
    if terms.starts_at is not None and terms.starts_at < at:
        raise Invalid("This day has passed; choose a later one, or none.", field="starts_at")
