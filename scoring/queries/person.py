"""What the scoring app keeps about a person, table by table."""

from leadflow.core.parts import PersonTable
from scoring.models import FactDates, LeadPoints, LeadPrediction, SimulatedCycle, WaitingLead

PERSON_TABLES = {
    # The score that a person may read stands on the lead; merging makes the points anew.
    "points": PersonTable(LeadPoints, "Points", exported={}, erased={}, stays=True),
    # Says nothing about them that the score does not; whoever is erased is offered to nobody.
    "waiting": PersonTable(WaitingLead, "Waiting for an offer", exported={}, erased=None),
    "fact_dates": PersonTable(
        FactDates, "Dates of facts", exported={"since": "since"}, erased=None, stays=True
    ),
    # What might have been says nothing that their activities do not
    "simulated": PersonTable(SimulatedCycle, "Replays", exported={}, erased=None, stays=True),
    "predictions": PersonTable(
        LeadPrediction,
        "Chances to win",
        exported={"percent": "percent", "version": "version", "at": "at"},
        erased=None,
    ),
}
