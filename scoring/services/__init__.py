"""Front door of the scoring app: everything that changes a score or an agreement."""

from scoring.services.defaults import backdate_shipped, install_defaults
from scoring.services.definitions import (
    begin_agreed,
    comment_definition,
    discard_definition,
    follow_definitions,
    follow_truth,
    hold_ready,
    offer_ready,
    propose_definition,
    revise_definition,
    sign_definition,
    stages_before,
)
from scoring.services.drafts import (
    Figures,
    change_figures,
    remove_fit_rule,
    remove_group,
    remove_rule,
    save_bands,
    save_fit_rule,
    save_group,
    save_rule,
)
from scoring.services.fact_dates import note_facts
from scoring.services.merging import JOIN
from scoring.services.next_steps import learn_next_steps
from scoring.services.prediction_rounds import refresh_predictions
from scoring.services.predictions import (
    ask_for_training,
    predict_leads,
    switch_prediction,
)
from scoring.services.rounds import refresh_scores
from scoring.services.scores import forget_points, rescore_everybody, score_leads, score_overtaken
from scoring.services.simulations import (
    MONTHS,
    Question,
    discard_simulation,
    run_simulations,
    start_simulation,
)
from scoring.services.versions import (
    discard_draft,
    publish_draft,
    start_draft,
    withdraw_version,
)

__all__ = [
    "JOIN",
    "MONTHS",
    "Figures",
    "Question",
    "ask_for_training",
    "backdate_shipped",
    "begin_agreed",
    "change_figures",
    "comment_definition",
    "discard_definition",
    "discard_draft",
    "discard_simulation",
    "follow_definitions",
    "follow_truth",
    "forget_points",
    "hold_ready",
    "install_defaults",
    "learn_next_steps",
    "note_facts",
    "offer_ready",
    "predict_leads",
    "propose_definition",
    "publish_draft",
    "refresh_predictions",
    "refresh_scores",
    "remove_fit_rule",
    "remove_group",
    "remove_rule",
    "rescore_everybody",
    "revise_definition",
    "run_simulations",
    "save_bands",
    "save_fit_rule",
    "save_group",
    "save_rule",
    "score_leads",
    "score_overtaken",
    "sign_definition",
    "stages_before",
    "start_draft",
    "start_simulation",
    "switch_prediction",
    "withdraw_version",
]
