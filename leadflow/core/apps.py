"""The core app: what every other app stands on; it knows none of them."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "leadflow.core"
    label = "core"
    verbose_name = "People and teams"

    def ready(self) -> None:
        """Put what admins set up on the rail."""
        from leadflow.core import navigation
        from leadflow.core.models import Role

        navigation.register(
            navigation.Section.SETTINGS, "Settings", "admin:index", "settings", roles=[Role.ADMIN]
        )
