"""What the scoring app keeps about a person, table by table."""

from leadflow.core.parts import PersonTable
from scoring.models import LeadFacts, LeadPoints, LeadPrediction

PERSON_TABLES = {
    # The score that a person may read stands on the lead; merging makes the points anew.
    "points": PersonTable(LeadPoints, "Points", exported={}, erased={}, stays=True),
    "predictions": PersonTable(
        LeadPrediction,
        "Chances to win",
        exported={"percent": "percent", "version": "version", "at": "at"},
        erased=None,
    ),
    "known_since": PersonTable(
        LeadFacts,
        "Since when facts are known",
        exported={
            "phone_at": "phone_at",
            "job_title_at": "job_title_at",
            "company_at": "company_at",
            "persona_at": "persona_at",
        },
        erased=None,
    ),
}
