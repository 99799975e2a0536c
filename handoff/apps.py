"""The handoff app: the right person, in time, from a queue that is a pleasure to work."""

from django.apps import AppConfig


class HandoffConfig(AppConfig):
    name = "handoff"
    verbose_name = "Hand-off"

    def ready(self) -> None:
        """Listen to the leads, and plug the queue into the rail and the record page."""
        from handoff import (  # noqa: F401  (policies register themselves)
            handlers,
            policies,
            queries,
            services,
        )
        from leadflow.core import events
        from leadflow.core.models import Role
        from leadflow.core.navigation import Section, register
        from leadflow.core.parts import Panel, answer_keepers, lead_panels, person_tables
        from leads.events import StagesChanged
        from nurture.events import TasksCompleted, TasksCreated

        for name, table in queries.PERSON_TABLES.items():
            person_tables.add(f"handoff.{name}", table)
        events.subscribe(StagesChanged, handlers.on_stages_changed)
        events.subscribe(TasksCreated, handlers.on_tasks_created)
        events.subscribe(TasksCompleted, handlers.on_tasks_completed)
        answer_keepers.add("handoff", services.forget_answers)
        receivers = {Role.REP, Role.CARE, Role.MANAGER, Role.ADMIN}
        register(Section.WORK, "Queue", "handoff:queue", "inbox", roles=receivers, order=10)
        register(Section.WORK, "Tasks", "handoff:tasks", "list-checks", order=20)
        register(
            Section.INSIGHT, "What sales says", "handoff:feedback", "message-square-quote", order=60
        )
        lead_panels.add(
            "handoff.work",
            Panel("Next step", "handoff/panels/work.html", queries.work_panel, order=10),
        )
        lead_panels.add(
            "handoff.feedback",
            Panel("What sales says", "handoff/panels/feedback.html", queries.feedback_panel),
        )
