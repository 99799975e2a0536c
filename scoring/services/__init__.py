"""Front door of the scoring app: everything that changes a score or an agreement."""

from scoring.services.defaults import install_defaults
from scoring.services.definitions import (
    discard_definition,
    follow_definitions,
    offer_ready,
    propose_definition,
    sign_definition,
    stages_before,
)
from scoring.services.rules import Changes, publish_rules
from scoring.services.scores import refresh_scores, rescore_everybody, score_leads

__all__ = [
    "Changes",
    "discard_definition",
    "follow_definitions",
    "install_defaults",
    "offer_ready",
    "propose_definition",
    "publish_rules",
    "refresh_scores",
    "rescore_everybody",
    "score_leads",
    "sign_definition",
    "stages_before",
]
