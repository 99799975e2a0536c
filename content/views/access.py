"""What a page may count on."""

from django.http import HttpRequest

from leadflow.core.models import User


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
