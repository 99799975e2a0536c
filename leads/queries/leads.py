"""Reading leads and what is known of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from leadflow.core.models import User
from leads.engine.conditions import Condition, compile_condition
from leads.engine.identity import fold
from leads.models import Activity, Consent, Lead, StageChange
from leads.models.people import LeadQuerySet


def find_leads(*, user: User, q: str = "") -> LeadQuerySet:
    """Leads that `user` may see and whose name, address, number or company hold every word of `q`."""
    leads = Lead.objects.visible_to(user)
    for word in fold(q).split():
        leads = leads.filter(search__contains=word)
    return leads


def matching(condition: Condition) -> LeadQuerySet:
    """Leads that a condition is true of; a lead appears once."""
    found = Lead.objects.filter(compile_condition(condition)).order_by().values("pk")
    return Lead.objects.filter(pk__in=found)


def has_consent(purpose: str) -> Exists:
    """A filter for leads whose latest word on `purpose` was yes."""
    latest = (
        Consent.objects.filter(lead=OuterRef("lead"), purpose=purpose)
        .order_by("-at", "-id")
        .values("pk")[:1]
    )
    return Exists(
        Consent.objects.filter(
            lead=OuterRef("pk"), purpose=purpose, is_given=True, pk=Subquery(latest)
        )
    )


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a lead's story: an activity or a stage change."""

    at: datetime
    icon: str
    title: str
    detail: str = ""
    by: str = ""
    tone: str = "neutral"
    href: str = ""


ICONS = {
    Activity.Kind.PAGE_VIEW: "eye",
    Activity.Kind.DOWNLOAD: "download",
    Activity.Kind.FORM: "clipboard-list",
    Activity.Kind.EVENT: "calendar",
    Activity.Kind.EMAIL_SENT: "mail",
    Activity.Kind.EMAIL_CLICK: "mouse-pointer-click",
    Activity.Kind.LETTER_SENT: "mailbox",
    Activity.Kind.CALL: "phone",
    Activity.Kind.NOTE: "sticky-note",
    Activity.Kind.UNSUBSCRIBE: "bell-off",
}


def timeline(*, lead: Lead, most: int = 100) -> list[TimelineEntry]:
    """The newest entries of a lead's story, newest first."""
    activities = Activity.objects.filter(lead=lead).select_related("asset", "by")
    changes = StageChange.objects.filter(lead=lead).select_related("from_stage", "to_stage", "by")
    entries = [_from_activity(row) for row in activities.order_by("-occurred_at", "-id")[:most]]
    entries += [_from_change(row) for row in changes.order_by("-id")[:most]]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:most]


def _from_activity(row: Activity) -> TimelineEntry:
    return TimelineEntry(
        at=row.occurred_at,
        icon=ICONS.get(Activity.Kind(row.kind), "dot"),
        title=row.get_kind_display(),
        detail=row.asset.title if row.asset else row.title or row.url,
        by=str(row.by or ""),
    )


def _from_change(row: StageChange) -> TimelineEntry:
    cause = {"definition": "lead definition", "import": "import", "form": "form"}
    return TimelineEntry(
        at=row.at,
        icon="arrow-right",
        title=f"{row.to_stage.name}" if row.from_stage is None else f"{row.from_stage} → {row.to_stage}",
        detail=row.note or row.reason.replace("_", " "),
        by=str(row.by or cause.get(row.cause_kind, row.cause_kind)),
        tone="accent",
    )


