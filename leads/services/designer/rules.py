"""What verbs ask for: reasons, notes, and the lists that reasons are chosen from."""

from datetime import datetime
from typing import Any

from django.db import transaction

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine import design
from leads.engine.pipeline import Pipeline
from leads.models import PipelineVersion, Reason, VerbRule
from leads.services.designer.editing import close_draft, edit, open_draft
from leads.services.pipeline import VERB_NAMES

OTHER = "other"
# Nobody stands before a form when these happen
UNASKED = frozenset({"expire", "revive"})


def change_verb(
    *, verb: str, needs_reason: bool, needs_note: bool, by: User | None, at: datetime
) -> PipelineVersion:
    """Say whether a verb needs a coded reason, and a note; raises Invalid where there is none."""
    _check_verb(verb)
    if needs_reason and not Reason.objects.filter(verb=verb, is_active=True).exists():
        raise Invalid(f"Add a reason to choose for {verb} first.", field="needs_reason")

    def change(pipeline: Pipeline) -> Pipeline:
        return Pipeline.build(
            version=pipeline.version,
            stages=pipeline.stages,
            handoffs=pipeline.all_handoffs,
            needing_reason=_with(pipeline.needing_reason, verb, needs_reason),
            needing_note=_with(pipeline.needing_note, verb, needs_note),
        )

    return edit(change=change, words=f"Changed what “{verb}” asks for", by=by, at=at)


def _with(verbs: frozenset[str], verb: str, is_in: bool) -> frozenset[str]:
    return verbs | {verb} if is_in else verbs - {verb}


@transaction.atomic
def save_reason(
    *,
    verb: str,
    label: str,
    by: User | None,
    at: datetime,
    code: str = "",
    needs_note: bool = False,
    cool_down_days: int = 0,
    is_active: bool = True,
) -> Reason:
    """Add a reason, or with `code` change one; its code never changes, for history holds it.

    Raises Invalid naming the field; Conflict when a verb that needs a reason would have none left.
    """
    if by is not None:
        policies.check_may_edit_reasons(by=by)
    draft = open_draft()
    _check_verb(verb)
    words = _label(label, verb, code)
    is_new, code = not code, code or design.free_key(words, _codes(verb), otherwise="reason")
    if code == OTHER and not needs_note:
        raise Invalid("“Other” says nothing without a note.", field="needs_note")
    if not 0 <= cool_down_days <= 3650:
        raise Invalid("Rest lasts from 0 to 3,650 days.", field="cool_down_days")
    facts = {
        "label": words,
        "needs_note": needs_note,
        "cool_down_days": cool_down_days,
        "is_active": is_active,
    }
    reason = _write(verb, code, facts, is_new=is_new)
    _check_some_left(verb)
    said = "Added" if is_new else "Changed"
    close_draft(draft, words=f"{said} the reason “{words}” to {verb}", by=by, at=at)
    return reason


def _write(verb: str, code: str, facts: dict[str, Any], *, is_new: bool) -> Reason:
    rows = Reason.objects.filter(verb=verb)
    if is_new:
        last = rows.order_by("-position").first()
        position = last.position + 1 if last else 0
        return Reason.objects.create(verb=verb, code=code, position=position, **facts)
    if not rows.filter(code=code).update(**facts):
        raise Invalid(f"There is no reason “{code[:40]}” for {verb}.", field="code")
    return rows.get(code=code)


def _codes(verb: str) -> set[str]:
    return set(Reason.objects.filter(verb=verb).values_list("code", flat=True))


def _label(label: str, verb: str, code: str) -> str:
    words = " ".join(label.split())
    if not words or len(words) > 120:
        raise Invalid("A reason needs words, at most 120 characters.", field="label")
    twins = Reason.objects.filter(verb=verb, label__iexact=words, is_active=True)
    if twins.exclude(code=code).exists():
        raise Invalid(f"There is a reason “{words}” already.", field="label")
    return words


def _check_verb(verb: str) -> None:
    if verb not in VERB_NAMES:
        raise Invalid(f"There is no verb “{verb[:40]}”.", field="verb")
    if verb in UNASKED:
        raise Invalid(f"“{verb}” happens by itself: nobody could be asked.", field="verb")


def _check_some_left(verb: str) -> None:
    if Reason.objects.filter(verb=verb, is_active=True).exists():
        return
    if VerbRule.objects.filter(verb=verb, needs_reason=True).exists():
        raise Conflict(f"This is the last reason to {verb}, and one is needed. Add another first.")
