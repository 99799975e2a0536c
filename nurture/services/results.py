"""Writing down what became of something that was on its way while its person was forgotten."""

from collections.abc import Collection

from leads.models import Lead


def lock_erased(lead_ids: Collection[int]) -> set[int]:
    """Lock leads in id order, so that none is erased meanwhile; returns those that were before."""
    rows = Lead.objects.filter(pk__in=list(lead_ids)).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",)).values_list("pk", "erased_at")
    return {pk for pk, erased_at in locked if erased_at is not None}
