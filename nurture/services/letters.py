"""Letters: claimed, drawn into one file outside of any transaction, then recorded as printed."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from content import queries as library
from content import services as content
from leadflow.core import events
from leadflow.core.errors import Invalid
from leads import services as leads
from leads.events import LeadsErased
from leads.models import Activity, Consent
from nurture import queries
from nurture.models import Enrollment, Letter, LetterBatch, Touch
from nurture.rendering import address_lines, build_letter, lead_context
from nurture.services.results import lock_erased

logger = logging.getLogger(__name__)

BATCH = 200
LOST_AFTER = timedelta(minutes=5)


def print_letters(*, at: datetime) -> int:
    """Print every letter that waits, one file per batch; returns how many were printed or called off."""
    handled = take_back_lost(at=at)
    while True:
        letters, looked_at = claim_letters(at=at)
        if not looked_at:
            return handled
        handled += looked_at
        _print(letters, at=at)


def take_back_lost(*, at: datetime) -> int:
    """Letters whose worker died before recording their file wait again: nobody posted them."""
    lost = Letter.objects.filter(state=Letter.State.PRINTING, claimed_at__lt=at - LOST_AFTER)
    return lost.update(state=Letter.State.WAITING, claimed_at=None)


@transaction.atomic
def claim_letters(*, at: datetime, most: int = BATCH) -> tuple[list[Letter], int]:
    """Take waiting letters, calling off those that may not go out; returns them and the rows seen."""
    rows = list(
        Letter.objects.filter(state=Letter.State.WAITING)
        .filter(Q(touch=None) | Q(touch__enrollment__paused_at=None))
        .order_by("id")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("lead", "lead__company", "lead__owner", "touch__enrollment__program")[:most]
    )
    refusals = _refusals(rows)
    for letter in rows:
        if letter.pk in refusals:
            letter.state, letter.error = Letter.State.CANCELLED, refusals[letter.pk]
        else:
            letter.state, letter.claimed_at = Letter.State.PRINTING, at
    Letter.objects.bulk_update(rows, ["state", "error", "claimed_at"])
    _follow_touches(
        [letter for letter in rows if letter.pk in refusals], Touch.State.CANCELLED, at=at
    )
    return [letter for letter in rows if letter.pk not in refusals], len(rows)


def _refusals(letters: Sequence[Letter]) -> dict[int, str]:
    words = queries.marketing_words({letter.lead_id for letter in letters})
    unwanted = queries.unwanted({letter.lead_id for letter in letters})
    programs = {letter.touch.enrollment.program for letter in letters if letter.touch}
    allowed = {program: queries.allowed_stages(program) for program in programs}
    found = {}
    for letter in letters:
        enrollment = letter.touch.enrollment if letter.touch else None
        if letter.lead_id in words and not words[letter.lead_id][0]:
            found[letter.pk] = "They do not want marketing messages."
        elif (letter.lead_id, Consent.Purpose.LETTERS) in unwanted:
            found[letter.pk] = "They do not want letters."
        elif not address_lines(letter.lead):
            found[letter.pk] = "No postal address is known."
        elif enrollment and enrollment.state == Enrollment.State.EXITED:
            found[letter.pk] = "They have left the program."
        elif enrollment and letter.lead.stage not in allowed[enrollment.program]:
            found[letter.pk] = "They have moved on in the pipeline."
    return found


def _print(letters: Sequence[Letter], *, at: datetime) -> None:
    drawn = _draw(letters, at=at)
    printed = [letter for letter in letters if letter.pk in drawn]
    pages = [drawn[letter.pk] for letter in printed]
    try:
        pdf = _render(pages) if pages else b""
    except Exception:  # noqa: BLE001  (one of them cannot be drawn: see which)
        printed = [letter for letter in printed if _can_render(letter, drawn[letter.pk])]
        pdf = _render([drawn[letter.pk] for letter in printed]) if printed else b""
    failed = [letter for letter in letters if letter not in printed]
    record_printed(printed, failed=failed, name=_store(pdf, at=at) if printed else "", at=at)


def draw_again(letters: Sequence[Letter], *, at: datetime) -> "ContentFile[bytes] | None":
    """The file of letters that were printed before; None where none of them can be drawn."""
    drawn = _draw(letters, at=at)
    pages = [drawn[letter.pk] for letter in letters if letter.pk in drawn]
    return ContentFile(_render(pages)) if pages else None


def _draw(letters: Sequence[Letter], *, at: datetime) -> dict[int, content.Letter]:
    """The page of each letter by id; a letter whose text cannot be filled in says why."""
    pages = {}
    texts = library.texts({(letter.asset_id, letter.asset_version) for letter in letters})
    products = queries.products_by_lead({letter.lead_id for letter in letters})
    for letter in letters:
        try:
            context = lead_context(letter.lead, products=products.get(letter.lead_id, []))
            text = texts[letter.asset_id, letter.asset_version]
            pages[letter.pk] = build_letter(letter.lead, text=text, context=context, at=at)
        except Exception as error:  # noqa: BLE001  (what is wrong with one letter stops no other)
            _note_error(letter, error)
    return pages


def _can_render(letter: Letter, page: content.Letter) -> bool:
    try:
        _render([page])
    except Exception as error:  # noqa: BLE001  (what is wrong with one letter stops no other)
        _note_error(letter, error)
        return False
    return True


def _note_error(letter: Letter, error: Exception) -> None:
    is_known = isinstance(error, Invalid)
    if not is_known:
        logger.error("Letter %s could not be drawn", letter.pk, exc_info=error)
    words = str(error) if is_known else f"{type(error).__name__}: {error}"
    letter.error = words.replace("\0", "")[:500]


def _render(pages: Sequence[content.Letter]) -> bytes:
    return content.render_letters(pages, brand=library.brand())


def _store(pdf: bytes, *, at: datetime) -> str:
    name = f"letters/{at:%Y-%m-%d}-{uuid4().hex[:12]}.pdf"
    return default_storage.save(name, ContentFile(pdf))


@transaction.atomic
def record_printed(
    letters: Sequence[Letter], *, failed: Sequence[Letter], name: str, at: datetime
) -> None:
    """Write down the file and what is in it, on the touches and in the leads' stories, too."""
    erased = lock_erased({letter.lead_id for letter in [*letters, *failed]})
    for letter in failed:
        letter.error = "" if letter.lead_id in erased else letter.error
    if letters:
        batch = LetterBatch.objects.create(name=name, letters_count=len(letters), at=at)
        for letter in letters:
            letter.state, letter.printed_at, letter.batch = Letter.State.PRINTED, at, batch
    for letter in failed:
        letter.state = Letter.State.FAILED
    Letter.objects.bulk_update([*letters, *failed], ["state", "printed_at", "batch", "error"])
    _follow_touches(letters, Touch.State.DONE, at=at)
    _follow_touches(failed, Touch.State.FAILED, at=at)
    if erased and letters:  # their letters are in the file
        events.publish(LeadsErased(at=at, lead_ids=tuple(sorted(erased))))
    if letters:
        leads.record_activities(activities=[_activity(letter, at=at) for letter in letters], at=at)


def _follow_touches(letters: Sequence[Letter], state: Touch.State, *, at: datetime) -> None:
    touches = []
    for letter in letters:
        if letter.touch:
            letter.touch.state, letter.touch.at, letter.touch.note = state, at, letter.error[:200]
            touches.append(letter.touch)
    Touch.objects.bulk_update(touches, ["state", "at", "note"])


def _activity(letter: Letter, *, at: datetime) -> Activity:
    return Activity(
        lead_id=letter.lead_id,
        kind=Activity.Kind.LETTER_SENT,
        occurred_at=at,
        asset_id=letter.asset_id,
        source_kind="letter",
        source_id=letter.pk,
    )
