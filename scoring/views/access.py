"""Requests of people who are signed in."""

from django.http import HttpRequest

from leadflow.core.models import User


class PageRequest(HttpRequest):
    """A request whose sender is known: the sign-in stands before every page."""

    user: User
