"""Lead definitions: proposed, signed by both sides, then followed."""

from scoring.services.definitions.following import (
    follow_definitions,
    follow_truth,
    hold_ready,
    offer_ready,
    stages_before,
)
from scoring.services.definitions.signing import begin_agreed, sign_definition
from scoring.services.definitions.writing import (
    Terms,
    comment_definition,
    discard_definition,
    propose_definition,
    revise_definition,
)

__all__ = [
    "Terms",
    "begin_agreed",
    "comment_definition",
    "discard_definition",
    "follow_definitions",
    "follow_truth",
    "hold_ready",
    "offer_ready",
    "propose_definition",
    "revise_definition",
    "sign_definition",
    "stages_before",
]
