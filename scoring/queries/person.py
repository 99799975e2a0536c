"""What the scoring app keeps about a person, table by table."""

from leadflow.core.parts import PersonTable
from scoring.models import LeadPoints

PERSON_TABLES = {
    # The score that a person may read stands on the lead; merging makes the points anew.
    "points": PersonTable(LeadPoints, "Points", exported={}, erased={}, stays=True),
}
