"""What stops for people who are forgotten, and the printed files that still told of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.core.files.storage import default_storage
from django.db import transaction

from leads.models import Lead
from nurture.models import ExitReason, Letter, LetterBatch, Message, Task
from nurture.services.enrollments import exit_leads
from nurture.services.letters import draw_again


def stop_for_erasure(lead_ids: Sequence[int], at: datetime) -> None:
    """End programs, call off messages and letters that wait, and close the work for people."""
    words = ExitReason.ERASED.label
    exit_leads(lead_ids=lead_ids, reason=ExitReason.ERASED, at=at)
    Message.objects.filter(lead__in=lead_ids, state=Message.State.QUEUED).update(
        state=Message.State.CANCELLED, error=words
    )
    Letter.objects.filter(lead__in=lead_ids, state=Letter.State.WAITING).update(
        state=Letter.State.CANCELLED, error=words
    )
    Task.objects.open().filter(lead__in=lead_ids).update(cancelled_at=at)


def redraw_batches(*, lead_ids: Collection[int]) -> int:
    """Draw the files anew that hold letters to erased people, without them; returns how many.

    Safe to repeat. A file that held nobody else's letters goes.
    """
    erased = Lead.objects.filter(pk__in=list(lead_ids), erased_at__isnull=False)
    batches = LetterBatch.objects.filter(letters__lead__in=erased.values("pk")).distinct()
    for batch in batches.order_by("pk"):
        _redraw(batch)
    return len(batches)


def _redraw(batch: LetterBatch) -> None:
    """Replace the file; whoever opens it meanwhile finds none."""
    letters = Letter.objects.filter(batch=batch, lead__erased_at=None).order_by("pk")
    pdf = draw_again(
        list(letters.select_related("lead", "lead__company", "lead__owner")), at=batch.at
    )
    default_storage.delete(batch.name)
    if not pdf:
        return
    with transaction.atomic():
        name = default_storage.save(batch.name, pdf)
        LetterBatch.objects.filter(pk=batch.pk).update(name=name)
