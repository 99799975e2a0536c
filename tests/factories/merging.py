"""Two records of one person with rows in every table, and pictures of the whole database."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection

from content.models import Asset, Product
from handoff.models import Clock, Feedback, Notice
from leadflow.core.models import Role, User
from leadflow.core.parts import person_tables
from leads import services as leads
from leads.models import (
    Activity,
    BulkAct,
    BulkItem,
    Campaign,
    DuplicatePair,
    Form,
    FormSubmission,
    Guest,
    Handoff,
    Lead,
    Merge,
    Offer,
    OptIn,
    PrivacyRequest,
    Segment,
    SegmentMember,
    Tag,
    Visit,
    Visitor,
)
from nurture.models import Enrollment, Letter, Message, Program, Step, Task, Touch
from reports import queries as reports
from scoring import services as scoring
from scoring.models import LeadDefinition, LeadPrediction, SimulatedCycle, Simulation, WaitingLead
from tests.factories import people

HOUR = timedelta(hours=1)
# What a merge and its undo leave behind on purpose
LEFT = {"leads_merge", "core_outboxevent", "core_delivery", "leads_duplicatecheck"}


def dump() -> dict[str, dict[str, str]]:
    """Every row of every table as text, by table and primary key."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table, key = model._meta.db_table, model._meta.pk.column
            if table in LEFT or not model._meta.managed:
                continue
            cursor.execute(f'SELECT "{key}"::text, to_jsonb(t)::text FROM "{table}" AS t')
            found[table] = dict(cursor.fetchall())
    return found


def differences(was: dict[str, dict[str, str]], now: dict[str, dict[str, str]]) -> list[str]:
    """Rows that differ, in words."""
    return [
        f"{table} {key}: {was[table].get(key)} -> {now[table].get(key)}"
        for table in was
        for key in sorted(was[table].keys() | now[table].keys())
        if was[table].get(key) != now[table].get(key)
    ]


def check_that_every_table_has_rows(lead: Lead) -> None:
    """Fail where a registered table has no row of this lead: a test with it would prove nothing."""
    empty = [
        name
        for name, table in person_tables.items()
        if not table.model.objects.filter(**{table.lead: lead}).exists()
    ]
    assert empty == []


MOVING = [
    name for name, table in person_tables.items() if "__" not in table.lead and not table.stays
]


def count_rows(name: str, *of: Lead) -> int:
    """Rows of a registered table that belong to these leads."""
    table = person_tables.get(name)
    found: int = table.model.objects.filter(**{f"{table.lead}__in": of}).count()
    return found


def rich_pair(*, at: datetime) -> tuple[Lead, Lead]:
    """Two records of Ada, the second with rows in every table, both with much in common."""
    kept = people.inquiry(at=at - 40 * 24 * HOUR, last_name="King", phone="+49301234567")
    gone = people.inquiry(
        at=at - 50 * 24 * HOUR, last_name="Lovelace", job_title="Analyst", external_id="crm-7"
    )
    Lead.objects.filter(pk=kept.pk).update(attributes={"size": 1.5, "shoe": "left"})
    Lead.objects.filter(pk=gone.pk).update(attributes={"size": 2.25, "hat": "round"})
    rep = people.user(Role.REP, team="sales")
    _walk(kept, gone, rep, at=at)
    _happenings(kept, gone, at=at)
    _nurturing(kept, gone, at=at)
    _chances(kept, gone, at=at)
    other = people.inquiry(at=at)
    _company(kept, gone, other, rep, at=at)
    _points(kept, gone, at=at)
    kept, gone = people.fresh([kept, gone])
    return kept, gone


def _points(kept: Lead, gone: Lead, *, at: datetime) -> None:
    ids = [kept.pk, gone.pk]
    scoring.note_facts(lead_ids=ids, at=at, are_new=True)
    scoring.score_leads(lead_ids=ids, at=at)
    simulation = Simulation.objects.create(
        handoff=Handoff.objects.get(key="mql_sal"), condition={"all": []}, threshold=1, months=3,
        from_at=at - 90 * 24 * HOUR, until_at=at,
    )  # fmt: skip
    shipped = LeadDefinition.objects.get(handoff__key="mql_sal")
    WaitingLead.objects.create(definition=shipped, lead_id=gone.pk, is_first=True)
    SimulatedCycle.objects.bulk_create(
        SimulatedCycle(
            simulation=simulation, lead_id=pk, cycle=1, reached=[1, 2], moments=[at - HOUR, at]
        )
        for pk in ids
    )


def _chances(*pair: Lead, at: datetime) -> None:
    """How likely they are to buy."""
    LeadPrediction.objects.bulk_create(
        LeadPrediction(lead=lead, percent=12.5, version=1, at=at) for lead in pair
    )


def _walk(kept: Lead, gone: Lead, rep: User, *, at: datetime) -> None:
    """Histories that are told in turns, with two cycles each, answers and money."""
    for number, lead in enumerate((gone, kept, gone)):
        then = at - (30 - 5 * number) * 24 * HOUR
        if number == 2:
            leads.revive(lead_ids=[gone.pk], at=then).or_raise()
        leads.offer(lead_ids=[lead.pk], at=then).or_raise()
        leads.accept(lead_ids=[lead.pk], at=then + HOUR, by=rep).or_raise()
        leads.advance(
            lead_ids=[lead.pk], at=then + 2 * HOUR, by=rep, amount=Decimal("500.50")
        ).or_raise()
        leads.recycle(lead_ids=[lead.pk], at=then + 3 * HOUR, by=rep).or_raise()
        offer = Offer.objects.filter(lead=lead).latest("pk")
        Clock.objects.create(offer=offer, first_response_at=then)
        Notice.objects.create(offer=offer, user=rep, kind=Notice.Kind.WARNING, at=then)
        Feedback.objects.create(lead=lead, by=rep, note=f"Said {number}", at=then)


def _happenings(kept: Lead, gone: Lead, *, at: datetime) -> None:
    product, other = (Product.objects.create(key=key, name=key.title()) for key in ("a", "b"))
    kept.products.add(product)
    gone.products.add(product, other)
    tag, second = (Tag.objects.create(key=key, name=key) for key in ("vip", "pump"))
    kept.tags.add(tag)
    gone.tags.add(tag, second)
    show = Campaign.objects.create(key="show", name="Show", kind=Campaign.Kind.TRADE_SHOW)
    fair = Campaign.objects.create(key="fair", name="Fair", kind=Campaign.Kind.TRADE_SHOW)
    Guest.objects.create(campaign=show, lead=kept, invited_at=at)
    Guest.objects.create(campaign=show, lead=gone, registered_at=at, attended_at=at, note="Hat")
    Guest.objects.create(campaign=fair, lead=gone, invited_at=at)
    form = Form.objects.create(slug="s", name="S", fields=[])
    for lead in (kept, gone):
        visitor = Visitor.objects.create(
            id=uuid.uuid4(), lead=lead, first_seen_at=at, last_seen_at=at, source="x"
        )
        Visit.objects.create(lead=lead, visitor=visitor, at=at, source="news")
        leads.record_activities(
            activities=[
                Activity(lead=lead, visitor=visitor, kind="page_view", occurred_at=at - 9 * HOUR,
                         properties={"share": 0.1, "seconds": 12}),
                Activity(lead=lead, kind="download", occurred_at=at - 8 * HOUR, title="“Leaks”"),
            ],
            at=at,
        )  # fmt: skip
        submission = FormSubmission.objects.create(
            form=form, token=f"t{lead.pk}", values={"a": "ä"}, received_at=at, lead=lead
        )
        OptIn.objects.create(
            lead=lead, submission=submission, email=lead.email, purpose="marketing", wording="?",
            wording_version=1, source="form", asked_at=at,
        )  # fmt: skip
        PrivacyRequest.objects.create(lead=lead, kind="export", at=at)
    leads.record_consent(lead_ids=[kept.pk], purpose="marketing", source="form", at=at)
    leads.record_consent(lead_ids=[gone.pk], purpose="marketing", source="form", at=at - HOUR)
    segments = [
        Segment.objects.create(
            key=key,
            name=key,
            condition={"field": "phone", "op": "known"},
            followed_to=at,
            as_of=at,
            created_at=at,
            changed_at=at,
        )
        for key in ("one", "two")
    ]
    SegmentMember.objects.create(segment=segments[0], lead=kept, since=at)
    for segment in segments:
        SegmentMember.objects.create(segment=segment, lead=gone, since=at)
        Segment.objects.filter(pk=segment.pk).update(size=segment.members.count())


def _nurturing(kept: Lead, gone: Lead, *, at: datetime) -> None:
    """Both run in one program, with what they had and what is on its way."""
    program = Program.objects.create(key="p", name="P", is_active=True, created_at=at)
    steps = [
        Step.objects.create(program=program, position=n, day=n, channel=channel, name=channel)
        for n, channel in enumerate(("email", "letter", "call"))
    ]
    asset, rest = (Asset.objects.create(key=key, title=key, kind="template") for key in "xy")
    for lead, began in ((gone, at - 3 * HOUR), (kept, at - 2 * HOUR)):
        Enrollment.objects.create(
            program=program, lead=lead, entry=1, cycle=1, since_change=1, state="exited",
            entered_at=began - 9 * HOUR, counts_from=began, exited_at=began,
        )  # fmt: skip
        running = Enrollment.objects.create(
            program=program, lead=lead, entry=2, cycle=lead.cycle, since_change=lead.last_change,
            entered_at=began, counts_from=began, next_step=steps[2], next_due_at=at + HOUR,
        )  # fmt: skip
        touches = [
            Touch.objects.create(
                enrollment=running,
                step=step,
                lead=lead,
                channel=step.channel,
                due_at=began,
                at=began,
            )
            for step in steps
        ]
        for number, (content, state) in enumerate(((asset, "sent"), (rest, "queued"))):
            Message.objects.create(
                touch=touches[0] if number == 0 else None, lead=lead, to_address=lead.email,
                asset=content, asset_version=1, state=state, queued_at=began,
                next_attempt_at=at + HOUR, message_id=f"<{lead.pk}.{number}@x>",
            )  # fmt: skip
        Letter.objects.create(
            touch=touches[1], lead=lead, asset=asset, asset_version=1, queued_at=began
        )
        Task.objects.create(
            touch=touches[2], lead=lead, title="Call", created_at=began, due_at=at + HOUR
        )


def _company(kept: Lead, gone: Lead, other: Lead, rep: User, *, at: datetime) -> None:
    """A third record that resembles both, an act on many, and a merge of before."""
    for lead in (kept, gone):
        first, second = sorted([lead.pk, other.pk])
        DuplicatePair.objects.create(
            first_id=first, second_id=second, likeness=70, found_at=at, state="dismissed"
        )
    first, second = sorted([kept.pk, gone.pk])
    DuplicatePair.objects.create(first_id=first, second_id=second, likeness=90, found_at=at)
    act = BulkAct.objects.create(verb="offer", by=rep, at=at)
    for lead in (kept, gone):
        BulkItem.objects.create(act=act, lead=lead, outcome="done")
    manager: Any = people.user(Role.MANAGER)
    earlier = people.inquiry(at=at - 60 * 24 * HOUR)
    leads.merge_leads(kept_id=gone.pk, gone_id=earlier.pk, by=manager, at=at - HOUR)
    assert Merge.objects.filter(kept=gone).exists()


def figures(at: datetime) -> dict[str, Any]:
    """What the reports say as of a moment."""
    months = reports.funnel(user=None, at=at, by="month").groups
    return {
        "funnel": [(one.key, one.leads) for one in reports.funnel(user=None, at=at).overall.stages],
        "funnel by month": [
            (month.group, [(one.key, one.leads) for one in month.stages]) for month in months
        ],
        "handoffs": [replace(one.answers, leads=0) for one in reports.handoffs(user=None, at=at)],
        "velocity": reports.velocity(user=None, at=at).stages,
    }
