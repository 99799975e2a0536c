"""What the scoring app keeps about a person, table by table."""

from leadflow.core.parts import PersonTable
from scoring.models import FactDates, LeadPoints, SimulatedCycle

PERSON_TABLES = {
    # The score that a person may read stands on the lead; merging makes the points anew.
    "points": PersonTable(LeadPoints, "Points", exported={}, erased={}, stays=True),
    "fact_dates": PersonTable(
        FactDates, "Dates of facts", exported={"since": "since"}, erased=None, stays=True
    ),
    # What might have been says nothing that their activities do not
    "simulated": PersonTable(SimulatedCycle, "Replays", exported={}, erased=None, stays=True),
}
