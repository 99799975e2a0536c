"""Public forms, what came in through them, and what is known of whoever looks at one."""

from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from leads.engine.questions import FACTS
from leads.models import Form, FormSubmission, Visitor

MOST_COUNTED = 10_000


def list_forms() -> QuerySet[Form]:
    """Forms with `sent` (counted to one beyond 10,000), `waiting` and `failed` submissions."""
    # Which are in a state is in an index of its own; how many came in all is not worth a long count
    few = f"""(
        SELECT count(*) FROM (
            SELECT FROM leads_formsubmission AS one
             WHERE one.form_id = leads_form.id LIMIT {MOST_COUNTED + 1}
        ) AS counted
    )"""
    state = FormSubmission.State
    return Form.objects.annotate(
        sent=RawSQL(few, [], output_field=IntegerField()),
        waiting=_count(state.RECEIVED),
        failed=_count(state.FAILED),
    ).select_related("asset", "campaign", "product")


def _count(state: str) -> Coalesce:
    rows = FormSubmission.objects.filter(form=OuterRef("pk"), state=state).order_by()
    counted = rows.values("form").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def list_submissions(*, form: Form, state: str = "") -> QuerySet[FormSubmission]:
    """What came in through a form, newest first; narrowed to one state."""
    rows = form.submissions.select_related("lead").order_by("-pk")
    return rows.filter(state=state) if state in FormSubmission.State.values else rows


def known_answers(*, visitor_id: UUID | None) -> frozenset[str] | None:
    """Names of the questions that the person of a browser has answered; None where nobody is known."""
    if visitor_id is None:
        return None
    visitor = Visitor.objects.select_related("lead").filter(
        Q(lead__erased_at=None), pk=visitor_id, lead__isnull=False
    )
    lead = next((row.lead for row in visitor), None)
    if lead is None:
        return None
    names = {name for name in FACTS if getattr(lead, name, None)}
    return frozenset(names | set(lead.attributes))


def takes_submissions(*, slug: str) -> Form:
    """The form at a public address; raises Form.DoesNotExist where there is none, or it is off."""
    return Form.objects.select_related("asset").get(slug=slug, is_active=True)
