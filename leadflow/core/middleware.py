"""What every request gets: the reader's time zone, and domain errors in words."""

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from leadflow.core.errors import DomainError
from leadflow.core.views import sign_in_address, toast

GetResponse = Callable[[HttpRequest], HttpResponse]


class BareMiddleware:
    """Answers `BARE_PATHS` at once: what machines call all day needs no session, reader or messages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the view of a bare path without the middleware further in."""
        if request.path_info not in settings.BARE_PATHS:
            return self.get_response(request)
        response = _bare_view(request.path_info)(request)
        response._has_been_logged = True  # type: ignore[attr-defined]  # a flood fills no log
        return response


@cache
def _bare_view(path: str) -> Callable[[HttpRequest], HttpResponse]:
    view: Callable[[HttpRequest], HttpResponse] = resolve(path).func
    return view


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page asks for a sign-in; a piece of a page sends the whole window there."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Redirect to the sign-in page; htmx would put a redirect's page inside the piece."""
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(sign_in_address(request))
        return super().handle_no_permission(request, view_func)


class UserTimezoneMiddleware:
    """Shows times in the zone of the person who is signed in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the zone for this request only."""
        with timezone.override(_zone_of(request)):
            return self.get_response(request)


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    name = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class DomainErrorMiddleware:
    """Answers a DomainError with its sentence: a toast for htmx, else a page with a way back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; errors come in through process_exception."""
        response = self.get_response(request)
        # One address answers htmx with a piece and a browser with a page: Back must not mix them.
        patch_vary_headers(response, ["HX-Request"])
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a DomainError into an answer; anything else is not ours."""
        if not isinstance(error, DomainError):
            return None
        if getattr(request, "htmx", False):
            response = toast(HttpResponse(status=error.status), str(error), "bad")
            response["HX-Reswap"] = "none"
            return response
        context = {"message": str(error), "status": error.status, "back": _way_back(request)}
        return render(request, "core/error.html", context, status=error.status)


def _way_back(request: HttpRequest) -> str:
    """The page the reader came from, when it is one of ours."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return came_from if came_from and ours else "/"
