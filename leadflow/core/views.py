"""Pages that belong to no app: the way in, search, palette, health, component catalogue."""

import json
import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.template import loader
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from leadflow.core import catalogue, palette
from leadflow.core.models import Role, User

HOME_OF = {
    Role.REP: "handoff:queue",
    Role.CARE: "handoff:queue",
    Role.MARKETER: "leads:list",
    Role.MANAGER: "reports:funnel",
    Role.ADMIN: "reports:funnel",
}


def toast(
    response: HttpResponse,
    message: str,
    tone: str = "good",
    *,
    action_label: str = "",
    action_url: str = "",
) -> HttpResponse:
    """Let `response` show a toast in the page; the action (say "Undo") is sent as a POST."""
    triggers = json.loads(response.get("HX-Trigger", "{}"))
    triggers["toast"] = {
        "message": message,
        "tone": tone,
        "action_label": action_label,
        "action_url": action_url,
    }
    response["HX-Trigger"] = json.dumps(triggers)
    return response


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send everybody to the page their work starts on."""
    return redirect(_first_address(HOME_OF[Role(_reader(request).role)], "leads:list"))


def _reader(request: HttpRequest) -> User:
    """Who is signed in; the middleware lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def _first_address(*names: str) -> str:
    """The address of the first page that exists."""
    for name in names[:-1]:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return reverse(names[-1])


AWAY = "The database is away for a moment. Nothing was changed: send it again in a few seconds."


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The search box of the top bar: answers with the list of leads."""
    query = request.GET.get("q", "").strip()
    return redirect(f"{reverse('leads:list')}?{urlencode({'q': query})}")


@require_safe
def palette_entries(request: HttpRequest) -> HttpResponse:
    """What the palette finds for ?q=, as a fragment."""
    query = request.GET.get("q", "").strip()
    return render(request, "core/palette.html", {"found": palette.find(_reader(request), query)})


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Say "ok" when the database answers, 503 when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """What could not be answered: 503 while the database is away or overloaded, else 500."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_away else 500
    words = AWAY if is_away else "Something broke on our side; it has been written to the log."
    response: HttpResponse
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        response = JsonResponse({"detail": words}, status=status)
    else:
        # Without the request: who is signed in is a question to the database
        page = loader.get_template("503.html" if is_away else "500.html")
        response = HttpResponse(page.render(), status=status)
    if is_away:
        response["Retry-After"] = "5"
    return response


def sign_in_address(request: HttpRequest) -> str:
    """The sign-in page that leads back to the page a piece was asked from."""
    asked_from = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': asked_from})}"


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose protection has run out: say so, and how to go on."""
    if request.headers.get("HX-Request") and not request.user.is_authenticated:
        return HttpResponseClientRedirect(sign_in_address(request))
    message = (
        "This form was open for too long, or cookies are switched off. "
        "Go back, load the page again and send it once more."
    )
    return render(
        request, "core/error.html", {"message": message, "back": request.path}, status=403
    )


@require_safe
def ui(request: HttpRequest) -> HttpResponse:
    """The live catalogue of components, for staff."""
    if not request.user.is_staff:
        raise PermissionDenied
    return render(request, "core/ui.html", catalogue.samples(user=request.user, at=timezone.now()))
