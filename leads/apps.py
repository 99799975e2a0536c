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
        from leadflow.core.parts import condition_families, condition_fields, segment_uses
        from leads import handlers, policies  # noqa: F401  (permissions register themselves)
        from leads.events import ActivitiesRecorded, StagesChanged
        from leads.queries.fields import LEAD_FAMILIES, LEAD_FIELDS
        from leads.queries.segments import segments_in_segments

        for name, field in LEAD_FIELDS.items():
            condition_fields.add(name, field)
        for name, family in LEAD_FAMILIES.items():
            condition_families.add(name, family)
        for kind in {event for field in LEAD_FIELDS.values() for event in field.events}:
            events.subscribe(kind, handlers.follow_segments)
        segment_uses.add("segments", segments_in_segments)
        events.subscribe(ActivitiesRecorded, handlers.revive_active)
        events.subscribe(StagesChanged, handlers.revive_let_go)
        _register_pages()


def _register_pages() -> None:
    """The rail, the palette's actions, and what the palette finds."""
    from leadflow.core.models import Role
    from leadflow.core.navigation import Section, register
    from leadflow.core.palette import add_search
    from leads.views.palette import find

    marketing = (Role.ADMIN, Role.MANAGER, Role.MARKETER)
    register(Section.WORK, "Leads", "leads:list", "users-round", order=30)
    register(Section.WORK, "Segments", "leads:segments", "layers", order=35)
    register(Section.WORK, "Companies", "leads:companies", "building-2", order=40)
    register(Section.MARKETING, "Campaigns", "leads:campaigns", "megaphone", marketing, order=40)
    register(Section.MARKETING, "Forms", "leads:forms", "clipboard-list", marketing, order=50)
    register(Section.SETTINGS, "Pipeline", "leads:pipeline", "workflow", marketing, order=10)
    add_search("leads", find)


def _install_pipeline(**kwargs: Any) -> None:
    """An empty database gets the shipped pipeline, right after its tables."""
    from django.utils import timezone

    from leads.services import install_default_pipeline

    install_default_pipeline(at=timezone.now())
