"""Lists to choose from."""

from typing import Any

import phonenumbers
from django.db import connection
from django.db.models import QuerySet

from content.models import Asset, Persona, Product
from leadflow.core.models import Team, User
from leads.models import Activity, Campaign, Company, Reason, Segment, Stage, Tag, Territory
from leads.queries.params import BLANK, NONE

LOOKED_AT = 20_000  # newest rows that a list of values in use is made from
MOST_OFFERED = 500
# What somebody did, as it reads after their name
DID = {
    Activity.Kind.PAGE_VIEW: "viewed a page",
    Activity.Kind.DOWNLOAD: "downloaded something",
    Activity.Kind.VIDEO: "watched a video",
    Activity.Kind.WEBINAR: "followed a webinar",
    Activity.Kind.FORM: "sent a form",
    Activity.Kind.EVENT: "attended an event",
    Activity.Kind.EMAIL_SENT: "got an e-mail from us",
    Activity.Kind.EMAIL_CLICK: "clicked in an e-mail",
    Activity.Kind.LETTER_SENT: "got a letter from us",
    Activity.Kind.CALL: "was called",
    Activity.Kind.NOTE: "was written a note about",
    Activity.Kind.UNSUBSCRIBE: "unsubscribed",
    Activity.Kind.CUSTOM: "did something else",
}
Pairs = list[tuple[str, str]]


def stage_choices() -> list[tuple[str, str]]:
    """Stages in use as (key, name), in order."""
    return list(Stage.objects.filter(retired_at=None).values_list("key", "name"))


def persona_choices() -> list[tuple[str, str]]:
    """Personas as (key, name)."""
    return [(str(key), str(name)) for key, name in Persona.choices]


def product_choices() -> list[tuple[str, str]]:
    """Active products as (key, name)."""
    return list(Product.objects.filter(is_active=True).values_list("key", "name"))


def all_products() -> Pairs:
    """Every product as (key, name), those no longer sold among them."""
    return list(Product.objects.values_list("key", "name"))


def country_choices() -> Pairs:
    """Countries that leads come from, as (code, code)."""
    return [(code, code) for code in _values_of("country") if code]


def all_countries() -> Pairs:
    """Every country there is, as (code, code)."""
    return [(code, code) for code in sorted(phonenumbers.SUPPORTED_REGIONS)]


def all_stages() -> Pairs:
    """Every stage as (key, name), those retired among them."""
    return list(Stage.objects.values_list("key", "name"))


def grade_choices() -> Pairs:
    """Grades, the best first."""
    grades = [f"{letter}{digit}" for letter in "ABC" for digit in "123"]
    return [(grade, grade) for grade in grades]


def people_choices() -> Pairs:
    """People who work here, as (id, name)."""
    return _people(is_active=True)


def all_people() -> Pairs:
    """Everybody who has ever worked here, as (id, name)."""
    return _people()


def _people(**which: bool) -> Pairs:
    rows = User.objects.filter(**which).order_by("name", "pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def team_choices() -> Pairs:
    """Teams as (key, name)."""
    return list(Team.objects.order_by("name").values_list("key", "name"))


def territory_choices() -> Pairs:
    """Territories as (key, name)."""
    return list(Territory.objects.values_list("key", "name"))


def campaign_choices() -> Pairs:
    """Campaigns in use as (key, name), by name."""
    return list(all_named(Campaign.objects.filter(is_archived=False))[:MOST_OFFERED])


def event_choices() -> Pairs:
    """Campaigns in use that people come to, as (key, name)."""
    events = Campaign.objects.filter(is_archived=False, kind__in=Campaign.EVENTS)
    return list(all_named(events)[:MOST_OFFERED])


def all_campaigns() -> Pairs:
    """Every campaign as (key, name)."""
    return list(all_named(Campaign.objects.all()))


def all_named(rows: QuerySet[Any]) -> Any:
    """(key, name) of rows, by name."""
    return rows.order_by("name", "pk").values_list("key", "name")


def asset_choices() -> Pairs:
    """Content in use as (key, title); the newest of it where there is very much."""
    newest = Asset.objects.order_by("-pk").values("pk")[:MOST_OFFERED]
    return list(Asset.objects.filter(pk__in=newest).order_by("title").values_list("key", "title"))


def all_assets() -> Pairs:
    """Every piece of content as (key, title)."""
    return list(Asset.objects.values_list("key", "title"))


def activity_choices() -> Pairs:
    """What people can have done, as it reads after their name."""
    return [(str(kind), DID.get(kind, kind.label.lower())) for kind in Activity.Kind]


def tag_choices() -> Pairs:
    """Tags as (key, name)."""
    return list(all_named(Tag.objects.all()))


def segment_choices() -> Pairs:
    """Segments in use as (key, name)."""
    return list(all_named(Segment.objects.filter(archived_at=None)))


def all_segments() -> Pairs:
    """Every segment as (key, name)."""
    return list(all_named(Segment.objects.all()))


def source_choices() -> Pairs:
    """Sources of leads, as they are written."""
    return [(source, source) for source in _values_of("source") if source]


def listed_sources() -> Pairs:
    """Sources of leads, as (value of the filter of the list, words)."""
    named = [
        (source or BLANK, source.replace("_", " ") or "blank") for source in _values_of("source")
    ]
    return [*named, (NONE, "not recorded")]


def industry_choices() -> Pairs:
    """Industries of the newest companies."""
    newest = Company.objects.order_by("-pk").values_list("industry", flat=True)[:LOOKED_AT]
    return [(word, word) for word in sorted({word for word in newest if word})][:MOST_OFFERED]


def attribute_keys() -> list[str]:
    """Custom attributes that the newest leads have."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT jsonb_object_keys(newest.attributes)
              FROM (SELECT attributes FROM leads_lead ORDER BY id DESC LIMIT %s) AS newest
             WHERE jsonb_typeof(newest.attributes) = 'object'
             ORDER BY 1 LIMIT %s
            """,
            [LOOKED_AT, MOST_OFFERED],
        )
        return [row[0] for row in cursor.fetchall()]


def _values_of(column: str) -> list[str]:
    """The values that leads have in an indexed column: from each the index leads to the next."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE known AS (
                (SELECT {column} AS value FROM leads_lead WHERE {column} >= '' ORDER BY 1 LIMIT 1)
                UNION ALL
                SELECT (SELECT {column} FROM leads_lead WHERE {column} > known.value ORDER BY 1 LIMIT 1)
                  FROM known WHERE known.value IS NOT NULL
            )
            SELECT value FROM known WHERE value IS NOT NULL LIMIT {MOST_OFFERED}
            """
        )
        return [row[0] for row in cursor.fetchall()]


def reasons_for(verb: str) -> QuerySet[Reason]:
    """Coded reasons that may be given for a verb, in order."""
    return Reason.objects.filter(verb=verb, is_active=True).order_by("position")


def verbs_with_reasons() -> frozenset[str]:
    """Verbs that have reasons to choose from."""
    return frozenset(Reason.objects.filter(is_active=True).values_list("verb", flat=True))
