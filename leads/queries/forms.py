"""Forms, with what came in."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leads.models import Form, FormSubmission


def list_forms() -> QuerySet[Form]:
    """Forms with `done`, `waiting` and `failed` = how many submissions are in that state."""
    state = FormSubmission.State
    sent = FormSubmission.objects.filter(form=OuterRef("pk")).order_by()
    return Form.objects.annotate(
        done=_count(sent.filter(state=state.DONE), "form"),
        waiting=_count(sent.filter(state=state.RECEIVED), "form"),
        failed=_count(sent.filter(state=state.FAILED), "form"),
    ).select_related("asset", "campaign", "product")


def _count(rows: QuerySet, by: str) -> Coalesce:
    """How many of `rows` belong to the outer row, 0 for none."""
    counted = rows.values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
