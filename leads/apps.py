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
            ConditionField,
            condition_fields,
            merge_rules,
            person_tables,
        )
        from leads import handlers, policies  # noqa: F401  (permissions register themselves)
        from leads.events import ActivitiesRecorded, StagesChanged
        from leads.queries import (
            PERSON_TABLES,
            country_choices,
            persona_choices,
            product_choices,
            stage_choices,
        )
        from leads.services import MERGE_RULES

        for name, field in {
            "score": ConditionField("score", "number", "score", moves_with_time=True),
            "engagement": ConditionField(
                "engagement", "number", "engagement", moves_with_time=True
            ),
            "fit": ConditionField("fit", "number", "fit"),
            "grade": ConditionField("grade", "choice", "grade"),
            "stage": ConditionField("stage", "choice", "stage", stage_choices),
            "phone": ConditionField("phone number", "known", "phone"),
            "email": ConditionField("e-mail address", "known", "email"),
            "persona": ConditionField("persona", "choice", "persona", persona_choices),
            "country": ConditionField("country", "choice", "country", country_choices),
            "source": ConditionField("source", "text", "source"),
            "job_title": ConditionField("job title", "text", "job_title"),
            "industry": ConditionField("industry", "text", "company__industry"),
            "employees": ConditionField("employees", "number", "company__employees"),
            "product": ConditionField(
                "product of interest", "set", "products__key", product_choices
            ),
            "campaign": ConditionField("campaign", "choice", "campaign__key"),
        }.items():
            condition_fields.add(name, field)
        for name, table in PERSON_TABLES.items():
            person_tables.add(f"leads.{name}", table)
        for name, rule in MERGE_RULES.items():
            merge_rules.add(f"leads.{name}", rule)
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
    register(Section.WORK, "Companies", "leads:companies", "building-2", order=40)
    register(Section.MARKETING, "Campaigns", "leads:campaigns", "megaphone", marketing, order=40)
    register(Section.MARKETING, "Forms", "leads:forms", "clipboard-list", marketing, order=50)
    register(Section.SETTINGS, "Pipeline", "leads:pipeline", "workflow", marketing, order=10)
    register(Section.MARKETING, "Duplicates", "leads:duplicates", "merge", marketing, order=55)
    add_search("leads", find)
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
