"""Clocks, turns, notices and what sales says: all that a hand-off needs beyond the offer."""

from handoff.models.clocks import Clock, Notice
from handoff.models.feedback import Feedback
from handoff.models.routing import Turn

__all__ = ["Clock", "Feedback", "Notice", "Turn"]
