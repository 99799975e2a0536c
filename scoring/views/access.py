"""Requests of people who are signed in, and who gets in."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from leadflow.core.models import User
from scoring import policies


class PageRequest(HttpRequest):
    """A request whose sender is known: the sign-in stands before every page."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def may(act: str) -> Callable[[View], View]:
    """Let only those in whose role includes `act`; the others read why not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PageRequest, *args: object, **kwargs: object) -> HttpResponse:
            policies.check_may(act, by=request.user)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
