"""Commands that need the whole stack: rehearsal, demo, invariants."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "leadflow.operations"

    def ready(self) -> None:
        """Every process that may send a nudge knows the Celery application and its broker."""
        from leadflow import celery  # noqa: F401
