"""The leads app: people, the pipeline, and everything that is known to have happened."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        """Listen to interest; plug the fields of leads into conditions and the pages into the rail."""
        post_migrate.connect(_install_pipeline, sender=self)
        from leadflow.core import events
        from leadflow.core.parts import (
            LeadAction,
            Panel,
            condition_families,
            condition_fields,
            lead_actions,
            lead_panels,
            merge_rules,
            person_tables,
            segment_uses,
        )
        from leads import handlers, policies  # noqa: F401  (permissions register themselves)
        from leads.events import (
            ActivitiesRecorded,
            LeadsErased,
            LeadsMerged,
            MergeUndone,
            StagesChanged,
        )
        from leads.queries import PERSON_TABLES, consent_panel
        from leads.queries.fields import LEAD_FAMILIES, LEAD_FIELDS
        from leads.queries.segments import segments_in_segments
        from leads.services import MERGE_RULES
        from leads.views.belonging import load_segments, load_tags
        from leads.views.origin import load_origin

        for name, field in LEAD_FIELDS.items():
            condition_fields.add(name, field)
        lead_panels.add(
            "consent", Panel("Consent", "leads/consents.html", consent_panel, side="left", order=20)
        )
        lead_panels.add(
            "origin", Panel("How they came", "leads/origin.html", load_origin, "left", order=10)
        )
        lead_panels.add("tags", Panel("Tags", "leads/panels/tags.html", load_tags, "left", order=5))
        lead_panels.add(
            "segments",
            Panel("Segments", "leads/panels/segments.html", load_segments, "left", order=7),
        )
        lead_actions.add(
            "erase",
            LeadAction("Erase", "eraser", "leads:erase", "leads.erase", order=90, is_harsh=True),
        )
        for name, table in PERSON_TABLES.items():
            person_tables.add(f"leads.{name}", table)
        for name, rule in MERGE_RULES.items():
            merge_rules.add(f"leads.{name}", rule)
        for name, family in LEAD_FAMILIES.items():
            condition_families.add(name, family)
        for kind in {event for field in LEAD_FIELDS.values() for event in field.events}:
            events.subscribe(kind, handlers.follow_segments)
        segment_uses.add("segments", segments_in_segments)
        events.subscribe(ActivitiesRecorded, handlers.revive_active)
        events.subscribe(StagesChanged, handlers.revive_let_go)
        events.subscribe(LeadsErased, handlers.erase_rest)
        events.subscribe(LeadsErased, handlers.leave_segments)
        events.subscribe(LeadsMerged, handlers.follow_merged)
        events.subscribe(MergeUndone, handlers.follow_merged)
        _register_pages()


def _register_pages() -> None:
    """The rail, the palette's actions, and what the palette finds."""
    from leadflow.core.models import Role
    from leadflow.core.navigation import Section, register
    from leadflow.core.palette import add_action, add_search
    from leads.views.palette import find, find_campaigns, find_companies

    marketing = (Role.ADMIN, Role.MANAGER, Role.MARKETER)
    register(Section.WORK, "Leads", "leads:list", "users-round", order=30)
    register(Section.WORK, "Segments", "leads:segments", "layers", order=35)
    register(Section.WORK, "Companies", "leads:companies", "building-2", order=40)
    events_for = (*marketing, Role.REP)
    register(Section.WORK, "Events", "leads:events", "ticket", events_for, order=60)
    register(Section.MARKETING, "Campaigns", "leads:campaigns", "megaphone", marketing, order=40)
    register(Section.MARKETING, "Forms", "leads:forms", "clipboard-list", marketing, order=50)
    register(Section.MARKETING, "Sites", "leads:sites", "globe", marketing, order=60)
    register(Section.SETTINGS, "Pipeline", "leads:pipeline", "workflow", marketing, order=10)
    add_action("Import leads", "leads:imports", "upload", marketing)
    register(Section.SETTINGS, "Privacy", "leads:privacy", "shield-check", marketing[:2], order=40)
    add_search("leads", find)
    add_search("companies", find_companies)
    add_search("campaigns", find_campaigns)
    register(Section.MARKETING, "Duplicates", "leads:duplicates", "merge", marketing, order=55)
    _register_merging()


def _register_merging() -> None:
    """What the record page shows of duplicates and merges, and the way to merge from there."""
    from leadflow.core.parts import LeadAction, Panel, lead_actions, lead_panels
    from leads.views.merging import load_duplicates, load_merges

    lead_panels.add(
        "duplicates",
        Panel("Possible duplicate", "leads/panels/duplicates.html", load_duplicates, order=5),
    )
    lead_panels.add(
        "merges", Panel("Merged into this one", "leads/panels/merges.html", load_merges, order=90)
    )
    lead_actions.add(
        "merge",
        LeadAction(
            "Merge with another record",
            "merge",
            "leads:merge_with",
            "leads.merge",
            order=60,
            asks_in_dialog=False,
        ),
    )


def _install_pipeline(**kwargs: Any) -> None:
    """An empty database gets the shipped pipeline, right after its tables."""
    from django.utils import timezone

    from leads.services import install_default_pipeline

    install_default_pipeline(at=timezone.now())
