"""The core app: what every other app stands on; it knows none of them."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "leadflow.core"
    label = "core"
    verbose_name = "People and teams"
