"""Commands that need the whole stack: rehearsal, demo, invariants."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "leadflow.operations"
