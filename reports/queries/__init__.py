"""Front door of the reports app: every figure."""

from reports.queries.dimensions import LEAD_DIMENSIONS, OFFER_DIMENSIONS, Dimension, Group
from reports.queries.funnel import FunnelGroup, FunnelReport, Reached, StageCount, funnel
from reports.queries.handoffs import (
    AnswerGroup,
    Answers,
    HandoffReport,
    Measured,
    ReasonCount,
    handoffs,
)
from reports.queries.leaks import LeakReport, LeakStage, leaks
from reports.queries.velocity import StageTime, VelocityReport, velocity

__all__ = [
    "LEAD_DIMENSIONS",
    "OFFER_DIMENSIONS",
    "AnswerGroup",
    "Answers",
    "Dimension",
    "FunnelGroup",
    "FunnelReport",
    "Group",
    "HandoffReport",
    "LeakReport",
    "LeakStage",
    "Measured",
    "Reached",
    "ReasonCount",
    "StageCount",
    "StageTime",
    "VelocityReport",
    "funnel",
    "handoffs",
    "leaks",
    "velocity",
]
