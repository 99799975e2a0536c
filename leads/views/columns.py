"""The columns of the list of leads: which there are, what a cell shows, and those a reader chose.

A page has hundreds of cells: what repeats (stages, grades, people) is rendered once a page.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from content.models import Persona
from leadflow.core.templatetags.leadflow import moment, number
from leads.models import Lead, Stage

NOTHING = mark_safe('<span class="muted">–</span>')
CELLS = "leads/_cells.html"
PERSONAS = {str(key): str(name) for key, name in Persona.choices if key != Persona.UNKNOWN}
DEFAULT = ("stage", "grade", "score", "source", "owner", "activity", "came")


class Look:
    """How the values of one page look."""

    def __init__(self, *, stages: dict[str, Stage], now: datetime) -> None:
        self.now = now
        self.stage = cache(lambda key: _render("stage", stage=stages.get(key)))
        self.grade = cache(lambda value: _render("grade", value=value))
        self.person = cache(lambda user: _render("person", user=user))

    def time(self, at: datetime | None, none: str = "–") -> SafeString:
        """A time as people say it."""
        return moment(at, now=self.now, none=none)


def _render(part: str, **values: Any) -> SafeString:
    return mark_safe(get_template(f"{CELLS}#{part}").render(values).strip())


@dataclass(frozen=True)
class Column:
    """One column; `falling` and `rising` are the orders that its head switches between.

    What needs no label to be understood is `bare`: on a phone it stands there without.
    """

    key: str
    label: str
    cell: Callable[[Lead, Look], Any]
    css: str = ""
    falling: str = ""
    rising: str = ""

    def show(self, lead: Lead, look: Look) -> str:
        """The cell of one lead, as safe markup."""
        shown = self.cell(lead, look)
        inner = NOTHING if shown in ("", None) else conditional_escape(shown)
        return f'<td class="{self.css}" data-label="{self.label}">{inner}</td>'


def _short(text: object) -> object:
    """Text that is cut where it does not fit."""
    return format_html('<span class="truncate">{}</span>', text) if text else ""


def _plain(name: str) -> Callable[[Lead, Look], object]:
    return lambda lead, look: _short(getattr(lead, name))


def _named(name: str) -> Callable[[Lead, Look], object]:
    """The name of a row that the lead points at."""
    return lambda lead, look: _short(getattr(getattr(lead, name), "name", ""))


def _source(lead: Lead, look: Look) -> object:
    words = "Left blank" if lead.source == "" else (lead.source or "").replace("_", " ")
    return _short(words[:1].upper() + words[1:])


def _linked(lead: Lead, rows: Iterable[Any]) -> SafeString:
    return format_html_join(
        "", '<span class="badge tone-neutral">{}</span> ', ((row.name,) for row in rows)
    )


COLUMNS = {
    column.key: column
    for column in (
        Column("stage", "Stage", lambda lead, look: look.stage(lead.stage), "bare"),
        Column("grade", "Grade", lambda lead, look: look.grade(lead.grade), "bare"),
        Column("score", "Score", lambda lead, look: number(lead.score), "num", "score", "lowest"),
        Column("engagement", "Engagement", lambda lead, look: number(lead.engagement), "num"),
        Column("fit", "Fit", lambda lead, look: number(lead.fit), "num"),
        Column("company", "Company", _named("company")),
        Column("email", "E-mail", _plain("email")),
        Column("phone", "Phone", _plain("phone"), "nowrap"),
        Column("job_title", "Job title", _plain("job_title")),
        Column("persona", "Persona", lambda lead, look: PERSONAS.get(lead.persona, "")),
        Column("country", "Country", _plain("country")),
        Column("territory", "Territory", _named("territory")),
        Column("source", "Source", _source, "bare"),
        Column("campaign", "Campaign", _named("campaign")),
        Column("products", "Products", lambda lead, look: _linked(lead, lead.products.all())),
        Column("tags", "Tags", lambda lead, look: _linked(lead, lead.tags.all())),
        Column("owner", "Owner", lambda lead, look: look.person(lead.owner), "bare"),
        Column(
            "activity",
            "Last activity",
            lambda lead, look: look.time(lead.last_activity_at, "none yet"),
            "nowrap",
            "activity",
            "quiet",
        ),
        Column(
            "since",
            "In stage since",
            lambda lead, look: look.time(lead.stage_since),
            "nowrap",
            "moved",
            "waiting",
        ),
        Column("came", "Came", lambda lead, look: look.time(lead.created_at), "nowrap", "newest", "oldest"),
        Column("external_id", "External id", _plain("external_id")),
    )
}  # fmt: skip
FETCHED = {"products", "tags"}


def chosen_columns(said: str) -> list[Column]:
    """Columns by key, each once and in the given order; the usual ones where none is known."""
    keys = re.split(r"[\n,]", said)
    known = [COLUMNS[key] for key in dict.fromkeys(keys) if key in COLUMNS]
    return known or [COLUMNS[key] for key in DEFAULT]


def column_boxes(said: str) -> list[tuple[str, str, bool]]:
    """All columns as (key, label, whether it is shown)."""
    shown = {column.key for column in chosen_columns(said)}
    return [(key, column.label, key in shown) for key, column in COLUMNS.items()]


def fetched_with(columns: Iterable[Column]) -> list[str]:
    """What has to be fetched with the leads for these columns."""
    return [column.key for column in columns if column.key in FETCHED]


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    lead: Lead
    address: str
    cells: SafeString


def build_rows(leads: Iterable[Lead], columns: Sequence[Column], look: Look) -> list[Row]:
    """The lines of a page."""
    before, _, after = reverse("leads:detail", args=[0]).rpartition("0")
    return [
        Row(
            lead=lead,
            address=f"{before}{lead.pk}{after}",
            cells=mark_safe("".join(column.show(lead, look) for column in columns)),
        )
        for lead in leads
    ]
