"""The scoring app: points that fade, who fits, and the agreement on what a lead is."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        """Listen to the leads, and plug the pages and the panel in."""
        post_migrate.connect(_install_defaults, sender=self)
        from leadflow.core import events, navigation
        from leadflow.core.models import Role
        from leadflow.core.navigation import Section
        from leadflow.core.parts import (
            Panel,
            company_panels,
            lead_panels,
            merge_rules,
            person_tables,
            segment_uses,
            stage_uses,
        )
        from leads.events import (
            ActivitiesRecorded,
            ConsentGiven,
            ConsentWithdrawn,
            GuestsChanged,
            LeadsIdentified,
            LeadsScored,
            OwnersChanged,
            SegmentsChanged,
            StagesChanged,
            TagsChanged,
        )
        from scoring import handlers, queries, services
        from scoring.views import load_company_panel, load_score_panel

        _plug_predictions_in()

        events.subscribe(ActivitiesRecorded, handlers.score_touched)
        events.subscribe(StagesChanged, handlers.score_entered)
        for kind in (
            *(ConsentGiven, ConsentWithdrawn, GuestsChanged, LeadsIdentified),
            *(LeadsScored, OwnersChanged, SegmentsChanged, TagsChanged),
        ):
            events.subscribe(kind, handlers.offer_ready)
        marketing = {Role.ADMIN, Role.MANAGER, Role.MARKETER}
        navigation.register(
            Section.MARKETING, "Scoring", "scoring:rules", "gauge", roles=marketing, order=30
        )
        navigation.register(
            Section.WORK,
            "Lead definition",
            "scoring:definitions",
            "handshake",
            roles={Role.REP},
            order=60,
        )
        for name, table in queries.PERSON_TABLES.items():
            person_tables.add(f"scoring.{name}", table)
        merge_rules.add("scoring", services.JOIN)
        stage_uses.add("definitions", queries.definitions_naming)
        segment_uses.add("definitions", queries.definitions_using_segments)
        company_panels.add(
            "score", Panel("Interest", "scoring/company.html", load_company_panel, side="right")
        )
        lead_panels.add(
            "score", Panel("Why this score", "scoring/panel.html", load_score_panel, side="right")
        )


def _plug_predictions_in() -> None:
    """Chances follow the leads; conditions may ask for them, and the record page shows them."""
    from leadflow.core import events
    from leadflow.core.parts import Panel, condition_fields, lead_panels
    from leads.events import ActivitiesRecorded, LeadsMerged, MergeUndone, StagesChanged
    from scoring import handlers, queries
    from scoring.events import LeadsPredicted
    from scoring.views import load_chance_panel, load_next_panel

    condition_fields.add("win_probability", queries.WIN_PROBABILITY)
    events.subscribe(ActivitiesRecorded, handlers.predict_touched)
    events.subscribe(StagesChanged, handlers.predict_touched)
    events.subscribe(LeadsMerged, handlers.predict_merged)
    events.subscribe(MergeUndone, handlers.predict_merged)
    events.subscribe(LeadsPredicted, handlers.follow_segments)
    events.subscribe(LeadsPredicted, handlers.offer_ready)
    lead_panels.add(
        "chance",
        Panel("Chance to win", "scoring/prediction/panel.html", load_chance_panel, order=45),
    )
    lead_panels.add(
        "next_best",
        Panel("What may help next", "scoring/prediction/next.html", load_next_panel, order=46),
    )


def _install_defaults(**kwargs: Any) -> None:
    """An empty database gets the shipped rules and definition, right after its tables."""
    from django.utils import timezone

    from scoring.services import install_defaults

    install_defaults(at=timezone.now())
