"""The content app: what we sell, whom we speak to, and the pieces of content."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
