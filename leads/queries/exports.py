"""The list of leads as a table for a spreadsheet: all that is known in columns, row by row."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone

from content.models import Persona
from leadflow.core.models import User
from leads.models import Campaign, Stage, Territory
from leads.models.people import LeadQuerySet

CHUNK = 5_000
COLUMNS = (
    "Lead", "First name", "Last name", "E-mail", "Phone", "Company", "Job title", "Country",
    "Language", "Persona", "Stage", "In stage since", "Score", "Engagement", "Fit", "Grade", "Source",
    "Campaign", "Territory", "Owner", "Came", "Last activity", "External id",
)  # fmt: skip
READ = (
    "id", "first_name", "last_name", "email", "phone", "company__name", "job_title", "country",
    "language", "persona", "stage", "stage_since", "score", "engagement", "fit", "grade", "source",
    "campaign_id", "territory_id", "owner_id", "created_at", "last_activity_at", "external_id",
)  # fmt: skip
TIMES = ("stage_since", "created_at", "last_activity_at")


def export_leads(leads: LeadQuerySet) -> Iterator[tuple[Any, ...]]:
    """A head and a row for each lead, by id; erased people are left out."""
    yield COLUMNS
    words, times, zone = _words(), [READ.index(name) for name in TIMES], _zone()
    found = leads.filter(erased_at=None).order_by("id").values_list(*READ)
    for row in found.iterator(chunk_size=CHUNK):
        cells = list(row)
        for place, named in words:
            cells[place] = named.get(cells[place], cells[place])
        for place in times:
            cells[place] = _time(cells[place], zone)
        yield tuple(cells)


def _words() -> list[tuple[int, dict[Any, str]]]:
    """What stands for the keys of other rows, with the place of the column."""
    named: dict[str, dict[Any, str]] = {
        "persona": {str(key): str(name) for key, name in Persona.choices},
        "stage": dict(Stage.objects.values_list("key", "name")),
        "campaign_id": dict(Campaign.objects.values_list("pk", "name")),
        "territory_id": dict(Territory.objects.values_list("pk", "name")),
        "owner_id": dict(User.objects.values_list("pk", "name")),
    }
    return [(READ.index(column), names) for column, names in named.items()]


def _zone() -> tzinfo:
    return timezone.get_current_timezone()


def _time(value: datetime | None, zone: tzinfo) -> str:
    return value.astimezone(zone).isoformat(" ", "minutes")[:16] if value else ""
