"""The tracking script, and what browsers report to it."""

import base64
import gzip
import hashlib
import json
import re
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_GET, require_POST, require_safe

from leadflow.core.errors import DomainError, Invalid, NotAllowed
from leads import queries
from leads import services as leads
from leads.engine.arrivals import host_of, is_covered
from leads.engine.machines import read_purpose
from leads.views.limits import is_too_big
from leads.views.portions import is_flooding

MOST_BYTES = 4_096
VISITOR, CONSENT = "lf_visitor", "lf_consent"
YEAR = 365 * 86_400
LONGEST_AGENT = 400
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
PARAMETERS = (("key", "k"), ("asset", "a"))  # of the pixel
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class UnknownSite(DomainError):
    """A script names a site that is not there."""

    status = 404


@cache
def _script() -> tuple[bytes, bytes, str]:
    """The script without its comments, the same compressed, and its ETag; it changes with the code only."""
    lines = (settings.BASE_DIR / "static" / "tracker.js").read_text(encoding="utf-8").splitlines()
    kept = filter(None, (line.strip() for line in lines if not line.strip().startswith("//")))
    text = "\n".join(kept).encode()
    return text, gzip.compress(text, mtime=0), f'W/"{hashlib.sha256(text).hexdigest()[:16]}"'


@require_safe
@login_not_required
@cache_control(public=True, max_age=3600)
@condition(etag_func=lambda request: _script()[2])
def script(request: HttpRequest) -> HttpResponse:
    """The tracking script, for pages of any site."""
    plain, packed, _ = _script()
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if is_packed else plain, content_type="text/javascript")
    if is_packed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@csrf_exempt
@require_POST
@login_not_required
def beacon(request: HttpRequest) -> HttpResponse:
    """Store what a page reports about itself; nothing is said back."""
    if is_flooding(request, "track"):
        return _plain("Too many reports from this address; wait a minute.", 429)
    if is_too_big(request, MOST_BYTES):
        return _plain("A report may have 4,096 bytes.", 413)
    try:
        _receive(request, _read(request))
    except DomainError as error:
        return _plain(str(error), error.status)
    return _keep_visitor(request, HttpResponse(status=204))


@require_GET
@never_cache
@login_not_required
def pixel(request: HttpRequest) -> HttpResponse:
    """Count a page view where no script runs."""
    response = HttpResponse(PIXEL, content_type="image/gif")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_flooding(request, "track"):
        response.status_code = 429
        return response
    said = {"kind": "page_view", "url": _storable(request.headers.get("Referer", ""))}
    said |= {name: request.GET.get(short, "")[:100] for name, short in PARAMETERS}
    try:
        _receive(request, _clean(said))
    except DomainError as error:
        return _plain(str(error), error.status)
    return response


def visitor_id(request: HttpRequest) -> UUID | None:
    """The visitor this browser agreed to be remembered as, on our own pages."""
    if request.COOKIES.get(CONSENT) != "1":
        return None
    return _uuid(request.COOKIES.get(VISITOR))


def _receive(request: HttpRequest, said: dict[str, Any]) -> None:
    """Store a report of a page that may report; raises UnknownSite, NotAllowed or Invalid."""
    kind = said.get("kind")
    if not isinstance(kind, str) or kind not in leads.BEACON_KINDS:
        raise Invalid(f"“{str(kind)[:40]}” is nothing that can be tracked.", field="kind")
    headers: dict[str, Any] = {
        "agent": _storable(request.headers.get("User-Agent", ""))[:LONGEST_AGENT],
        "purpose": _storable(read_purpose(request.headers)),
    }
    if said.get("key"):
        site = _site(request, said)
        headers["site"] = site.id
        visitor = _uuid(said.get("visitor")) if site.may_remember else None
    else:
        _check_own(request)
        visitor = visitor_id(request)
    if visitor:
        headers["visitor"] = str(visitor)
    leads.receive_beacon(said=said, headers=headers, at=timezone.now())


def _site(request: HttpRequest, said: dict[str, Any]) -> queries.KnownSite:
    """The site whose key a report holds, when it comes from one of its hosts."""
    key = said["key"]
    site = queries.site_by_key(key) if isinstance(key, str) else None
    if site is None:
        raise UnknownSite("No site has this key. Copy the snippet from LeadFlow again.")
    if not site.is_active:
        raise NotAllowed("This site is switched off in LeadFlow.")
    host = _host_of_page(request) or (
        host_of(said["url"]) if isinstance(said.get("url"), str) else ""
    )
    is_pixel = request.method == "GET" and not host  # a page that names itself to nobody
    if not (is_pixel or is_covered(host, site.hosts)):
        raise NotAllowed(f"“{host[:80]}” is not one of the hosts that may report with this key.")
    return site


def _check_own(request: HttpRequest) -> None:
    """Without a key only our own pages may report; raises NotAllowed."""
    host = _host_of_page(request) if request.method == "POST" else ""
    own = {host_of(f"{request.scheme}://{request.get_host()}"), host_of(settings.SITE_URL)}
    if host and host not in own:
        raise NotAllowed("A page of another site needs the key of its site: add data-key.")


def _host_of_page(request: HttpRequest) -> str:
    """The host of the page that reports, as the browser says; "" where it keeps that to itself.

    Under a referrer policy like same-origin, which many sites have, browsers send the origin "null".
    """
    origin = request.headers.get("Origin", "")
    return host_of(origin if origin not in {"", "null"} else request.headers.get("Referer", ""))


def _read(request: HttpRequest) -> dict[str, Any]:
    """The report in a body, in values the database can keep; raises Invalid."""
    try:
        said = json.loads(request.body[: MOST_BYTES + 1], parse_constant=_refuse)
        if not isinstance(said, dict):
            raise ValueError
        return said if _is_safe(said) else _clean(said)
    except (ValueError, RecursionError):
        raise Invalid("A report is a JSON object.") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_safe(said: dict[str, Any]) -> bool:
    """Whether nothing in it needs a second look: no NUL, no half characters, no number out of range."""
    text = json.dumps(said, allow_nan=False)
    return "\\u0000" not in text and "\\ud" not in text


def _clean(value: Any) -> Any:
    """The same with a space for each character that the database cannot keep."""
    if isinstance(value, dict):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return _storable(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    return NOT_STORABLE.sub(" ", text)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _keep_visitor(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Some browsers drop a script's cookie after a week; ours lasts as long as the consent."""
    if visitor := visitor_id(request):
        response.set_cookie(
            VISITOR, str(visitor), max_age=YEAR, samesite="Lax", secure=settings.HTTPS
        )
    return response


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
