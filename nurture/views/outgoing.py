"""The outbox: what goes out next, and what became of what went out."""

from django.contrib.auth.decorators import permission_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leadflow.core.tables import Keyset
from nurture import queries
from nurture.models import LetterBatch, Message
from nurture.views.access import PageRequest


@require_safe
@permission_required("nurture.see", raise_exception=True)
def outbox(request: PageRequest) -> HttpResponse:
    """Next steps, printed letters and messages by state."""
    state = request.GET.get("state", "")
    state = state if state in Message.State.values else ""
    found = queries.recent_messages(user=request.user, state=state)
    context = {
        "counts": queries.outbox_counts(user=request.user),
        "upcoming": queries.next_out(user=request.user),
        "batches": LetterBatch.objects.order_by("-at", "-id")[:5],
        "page": Keyset(found, ("-id",), request.GET, size=20).page(),
        "state": state,
        "states": [("", "All"), *Message.State.choices],
        "now": timezone.now(),
    }
    return render(request, "nurture/outbox.html", context)


@require_safe
@permission_required("nurture.see", raise_exception=True)
def letter_batch(request: PageRequest, batch_id: int) -> HttpResponse | FileResponse:
    """The file of a batch of letters."""
    batch = get_object_or_404(LetterBatch, pk=batch_id)
    try:
        return FileResponse(default_storage.open(batch.name), content_type="application/pdf")
    except FileNotFoundError:
        raise Http404("the file of these letters is gone") from None
