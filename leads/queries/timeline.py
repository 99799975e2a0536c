"""A lead's story: what they did, what we did, and where it took them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from leads.models import Activity, Lead, StageChange
from leads.models.history import COMBINE

ICONS = {
    Activity.Kind.PAGE_VIEW: "eye",
    Activity.Kind.DOWNLOAD: "download",
    Activity.Kind.VIDEO: "circle-play",
    Activity.Kind.WEBINAR: "presentation",
    Activity.Kind.FORM: "clipboard-list",
    Activity.Kind.EVENT: "calendar",
    Activity.Kind.EMAIL_SENT: "mail",
    Activity.Kind.EMAIL_CLICK: "mouse-pointer-click",
    Activity.Kind.LETTER_SENT: "mailbox",
    Activity.Kind.CALL: "phone",
    Activity.Kind.NOTE: "sticky-note",
    Activity.Kind.UNSUBSCRIBE: "bell-off",
}
WATCHED = frozenset({Activity.Kind.VIDEO, Activity.Kind.WEBINAR})
TONES = {
    Activity.Kind.DOWNLOAD: "good",
    Activity.Kind.VIDEO: "good",
    Activity.Kind.WEBINAR: "good",
    Activity.Kind.FORM: "good",
    Activity.Kind.EVENT: "good",
    Activity.Kind.UNSUBSCRIBE: "bad",
    Activity.Kind.CALL: "info",
    Activity.Kind.NOTE: "info",
}
# What the story can be narrowed to: name, words, kinds of activity; stage changes are a part too.
STAGES = "stages"
PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "All", tuple(Activity.Kind.values)),
    (
        "interest",
        "Interest",
        ("page_view", "download", "video", "webinar", "form", "event", "custom"),
    ),
    ("messages", "Messages", ("email_sent", "email_click", "letter_sent", "unsubscribe")),
    ("notes", "Calls and notes", ("call", "note")),
    (STAGES, "Stages", ()),
)
CAUSES = {
    "definition": "lead definition",
    "import": "import",
    "form": "form",
    "hand": "written down by hand",
    "interest": "new interest",
}
# Of two things at the same moment the stage change stands above: the activity caused it.
CHANGE, ACTIVITY = 1, 0


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
    text: str = ""


@dataclass(frozen=True)
class Position:
    """Where a page of the story ended."""

    at: datetime
    rank: int
    id: int

    def __str__(self) -> str:
        return json.dumps([self.at.isoformat(), self.rank, self.id])

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """The position in a link; None when there is none or it makes no sense."""
        try:
            at, rank, number = json.loads(text)
            moment = parse_datetime(at)
            is_whole = moment is not None and moment.tzinfo is not None and abs(number) < 2**62
            is_near = moment is not None and 1 < moment.year < 9_999  # any zone can show it
            return cls(moment, int(rank), int(number)) if moment and is_whole and is_near else None
        except (ValueError, TypeError, OverflowError, RecursionError):
            return None


@dataclass(frozen=True)
class TimelinePage:
    """A stretch of the story, newest first; `next` is where the rest begins, None at the end."""

    entries: Sequence[TimelineEntry]
    next: Position | None


def timeline(*, lead: Lead, most: int = 100) -> list[TimelineEntry]:
    """The newest entries of a lead's story, newest first."""
    return list(read_timeline(lead=lead, most=most).entries)


def read_timeline(
    *,
    lead: Lead,
    part: str = "",
    before: Position | None = None,
    most: int = 50,
    with_machines: bool = True,
) -> TimelinePage:
    """A page of a lead's story: one of `PARTS`, from `before` backwards; at most two queries.

    What bots and mail scanners did is left out unless `with_machines`.
    """
    kinds = next((kinds for key, _, kinds in PARTS if key == part), PARTS[0][2])
    found = [
        (Position(row.occurred_at, ACTIVITY, row.pk), _from_activity(row))
        for row in _activities(lead, kinds, before, with_machines)[: most + 1]
    ]
    if part in {"", STAGES}:
        found += [
            (Position(row.at, CHANGE, row.pk), _from_change(row))
            for row in _changes(lead, before)[: most + 1]
        ]
    found.sort(key=lambda pair: (pair[0].at, pair[0].rank, pair[0].id), reverse=True)
    page = found[:most]
    end = page[-1][0] if len(found) > most else None
    return TimelinePage(entries=[entry for _, entry in page], next=end)


def _activities(
    lead: Lead, kinds: Sequence[str], before: Position | None, with_machines: bool
) -> QuerySet[Activity]:
    rows = Activity.objects.filter(lead=lead).select_related("asset", "by")
    if not with_machines:
        rows = rows.filter(is_automatic=False)
    if len(kinds) < len(Activity.Kind.values):
        rows = rows.filter(kind__in=kinds)
    rows = rows.filter(_earlier("occurred_at", ACTIVITY, before))
    return rows.order_by("-occurred_at", "-id")


def _changes(lead: Lead, before: Position | None) -> QuerySet[StageChange]:
    rows = StageChange.objects.filter(lead=lead).select_related("from_stage", "to_stage", "by")
    return rows.filter(_earlier("at", CHANGE, before)).order_by("-at", "-id")


def _earlier(column: str, rank: int, before: Position | None) -> Q:
    """Rows below a position in the order of time, rank, id."""
    if before is None:
        return Q()
    if rank != before.rank:
        return Q(**{f"{column}__{'lte' if rank < before.rank else 'lt'}": before.at})
    same = Q(**{column: before.at, "id__lt": before.id})
    return Q(**{f"{column}__lte": before.at}) & (Q(**{f"{column}__lt": before.at}) | same)


def _from_activity(row: Activity) -> TimelineEntry:
    kind = Activity.Kind(row.kind)
    said = row.properties if isinstance(row.properties, dict) else {}
    if row.is_automatic:
        return TimelineEntry(
            at=row.occurred_at,
            icon="bot",
            title=row.get_kind_display(),
            detail=_detail(row, said),
            by=f"a machine ({said['machine']})" if said.get("machine") else "a machine",
        )
    return TimelineEntry(
        at=row.occurred_at,
        icon=ICONS.get(kind, "circle-small"),
        title=row.get_kind_display(),
        detail=_detail(row, said),
        by=str(row.by or ""),
        tone=TONES.get(kind, "neutral"),
        text=str(said.get("text", "")),
    )


def _detail(row: Activity, said: Mapping[str, Any]) -> str:
    """What it was about, and how far they watched."""
    about = row.asset.title if row.asset else row.title or row.url
    watched = said.get("at")
    is_told = row.kind in WATCHED and isinstance(watched, int | float)
    return f"{about}, {watched:.0f} %" if is_told else about


def _from_change(row: StageChange) -> TimelineEntry:
    came = row.to_stage.name
    if row.corrects is not None:
        return TimelineEntry(
            at=row.at,
            icon="undo-2",
            title=f"Taken back: {came} → {row.from_stage}",
            by=str(row.by or ""),
            text=row.note,
        )
    if row.verb == COMBINE:
        return TimelineEntry(
            at=row.at,
            icon="merge",
            title="Another record of them was merged into this one",
            by=str(row.by or ""),
            text=row.note,
        )
    return TimelineEntry(
        at=row.at,
        icon="arrow-right",
        title=f"Became {came}" if row.from_stage is None else f"{row.from_stage} → {came}",
        detail=row.reason.replace("_", " "),
        by=str(row.by or CAUSES.get(row.cause_kind, row.cause_kind)),
        tone="accent",
        text=row.note,
    )
