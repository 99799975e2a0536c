"""What the handoff app keeps about a person, table by table."""

from django.db.models import Case, Value, When

from handoff.models import Clock, Feedback, Notice
from leadflow.core.parts import PersonTable

# Feedback without a rating must say something; what it said is gone, that it did is not.
ERASED_WORDS = Case(When(note="", then=Value("")), default=Value("Erased"))

PERSON_TABLES = {
    "clocks": PersonTable(
        Clock,
        "Response times",
        exported={
            "offered_at": "offer__offered_at",
            "warned_at": "warned_at",
            "breached_at": "breached_at",
            "first_response_at": "first_response_at",
            "first_response_by": "first_response_by__name",
        },
        erased={},
        lead="offer__lead",
    ),
    "notices": PersonTable(
        Notice,
        "Notices to colleagues",
        exported={"at": "at", "kind": "kind", "to": "user__name", "read_at": "read_at"},
        erased={},
        lead="offer__lead",
    ),
    "feedback": PersonTable(
        Feedback,
        "What sales says",
        exported={
            "at": "at",
            "about": "about",
            "content": "asset__title",
            "campaign": "campaign__name",
            "rating": "rating",
            "note": "note",
            "by": "by__name",
        },
        erased={"note": ERASED_WORDS},
    ),
}
