"""A month of nurture rehearsed with `manage.py tick --at`, from a form below the threshold."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from content.models import Asset
from leads import services as leads
from leads.models import Activity, Form, FormSubmission, Lead
from nurture.models import Enrollment, Letter, Task, Touch
from tests.nurture.conftest import ADDRESS, Sink, sink

__all__ = ["sink"]

pytestmark = pytest.mark.django_db

NINE = [
    (3, "email"), (5, "call"), (10, "email"), (17, "email"), (21, "letter"), (24, "call"),
    (28, "email"), (32, "email"), (35, "call"),
]  # fmt: skip


def tick(at: datetime) -> None:
    call_command("tick", "--at", at.isoformat(), stdout=StringIO())


@pytest.fixture
def form(db: None) -> Form:
    fields = [
        {"name": name, "label": name, "type": "text", "required": False}
        for name in ("first_name", "email", "phone")
    ]
    return Form.objects.create(
        slug="ask", name="Ask us", fields=fields, consent_text="Yes, please."
    )


def send_form(form: Form, *, at: datetime) -> Lead:
    """What the public page does with a post, and the tick that follows."""
    values = {
        "first_name": "Ada",
        "email": "ada@example.com",
        "phone": "+4930901820",
        "consent": "on",
    }
    leads.receive_submission(
        form=form, values=values, token="once", visitor_id=None, source="", at=at
    )
    tick(at)
    lead = FormSubmission.objects.get(token="once").lead
    assert lead is not None
    leads.update_facts(facts_by_lead={lead.pk: {"attributes": ADDRESS}}, at=at)
    return lead


def test_nine_touches_go_out_each_once_on_its_day_by_its_channel(
    sink: Sink, form: Form, at: datetime
) -> None:
    lead = send_form(form, at=at)

    for day in range(38):
        tick(at + timedelta(days=day))
        tick(at + timedelta(days=day, hours=5))

    touches = Touch.objects.filter(lead=lead).order_by("at", "id").values_list("at", "channel")
    assert [((moment - at).days, channel) for moment, channel in touches] == NINE
    assert len(sink.arrived) == len({mail["Subject"] for _, mail in sink.arrived}) == 5
    assert (Task.objects.filter(kind="call").count(), Letter.objects.count()) == (3, 1)
    assert Task.objects.exclude(team=None).count() == 3
    assert Enrollment.objects.get().state == "finished"


def test_new_interest_ends_the_program_and_nothing_more_goes_out(
    sink: Sink, form: Form, at: datetime
) -> None:
    lead = send_form(form, at=at)
    for day in range(12):
        tick(at + timedelta(days=day))
    assert len(sink.arrived) == 2

    moment = at + timedelta(days=12)
    paper = Asset.objects.create(key="paper", title="Paper", kind="white_paper")
    page = Asset.objects.create(key="page", title="Page", kind="page")
    leads.record_activities(
        activities=[
            Activity(lead=lead, kind=kind, asset=asset, occurred_at=moment)
            for kind, asset in (("page_view", page), ("page_view", page), ("download", paper))
        ],
        at=moment,
    )
    for day in range(12, 38):
        tick(at + timedelta(days=day))

    assert Lead.objects.get(pk=lead.pk).stage == "mql"
    assert Enrollment.objects.get().exit_reason == "stage"
    assert len(sink.arrived) == 2
    assert not Touch.objects.filter(lead=lead, at__gt=moment).exists()
