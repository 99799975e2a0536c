"""The nurture app: programs, what goes out, and the work for people."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NurtureConfig(AppConfig):
    name = "nurture"

    def ready(self) -> None:
        """Follow the leads, show programs on their record and on the rail, ship the first one."""
        post_migrate.connect(_install_program, sender=self)
        from leadflow.core import events, navigation
        from leadflow.core.models import Role
        from leadflow.core.parts import (
            Panel,
            address_checks,
            condition_fields,
            erasure_stoppers,
            lead_panels,
            merge_rules,
            person_tables,
            segment_uses,
            stage_uses,
        )
        from leads.events import ConsentAsked, ConsentWithdrawn, LeadsErased, StagesChanged
        from nurture import handlers, policies, queries, services  # noqa: F401  (permissions register themselves)
        from nurture.events import EnrollmentsChanged
        from nurture.views.panels import load_program

        for name, table in queries.PERSON_TABLES.items():
            person_tables.add(f"nurture.{name}", table)
        merge_rules.add("nurture", services.JOIN)
        events.subscribe(StagesChanged, handlers.follow_stages)
        events.subscribe(ConsentWithdrawn, handlers.stop_unwilling)
        events.subscribe(LeadsErased, handlers.redraw_letters)
        erasure_stoppers.add("nurture", services.stop_for_erasure)
        address_checks.add("nurture", queries.suppression_words)
        events.subscribe(ConsentAsked, handlers.ask_for_consents)
        events.subscribe(EnrollmentsChanged, handlers.follow_segments)
        marketing = {Role.ADMIN, Role.MANAGER, Role.MARKETER}
        section = navigation.Section.MARKETING
        navigation.register(
            section, "Programs", "nurture:programs", "route", roles=marketing, order=10
        )
        navigation.register(section, "Outbox", "nurture:outbox", "send", roles=marketing, order=15)
        stage_uses.add("programs", queries.programs_naming)
        segment_uses.add("programs", queries.programs_using_segments)
        condition_fields.add("program", queries.PROGRAM)
        lead_panels.add("program", Panel("Program", "nurture/panel.html", load_program))


def _install_program(**kwargs: Any) -> None:
    """An empty database gets the shipped program, right after its tables."""
    from django.utils import timezone

    from nurture.services import install_default_program

    install_default_program(at=timezone.now())
