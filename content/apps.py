"""The content app: what we sell, whom we speak to, and the pieces of content."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ContentConfig(AppConfig):
    name = "content"

    def ready(self) -> None:
        """Put the library on the rail; an empty database gets the shipped texts."""
        post_migrate.connect(_install_content, sender=self)
        from content import policies  # noqa: F401  (permissions register themselves)
        from leadflow.core import navigation

        navigation.register(
            navigation.Section.MARKETING, "Content", "content:library", "library", order=20
        )


def _install_content(**kwargs: Any) -> None:
    """Write the texts of the shipped program where they are missing."""
    from django.utils import timezone

    from content.services import install_default_content

    install_default_content(at=timezone.now())
