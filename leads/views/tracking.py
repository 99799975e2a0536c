"""The tracking script, and what browsers report to it."""

import base64
import hashlib
import json
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_GET, require_POST, require_safe

from leadflow.core.errors import DomainError, Invalid
from leads import services as leads
from leads.views.limits import is_flooding, is_too_big

MOST_BYTES = 4_096
VISITOR, CONSENT = "lf_visitor", "lf_consent"
YEAR = 365 * 86_400
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@cache
def _script() -> tuple[bytes, str]:
    """The script and its ETag; it changes with the code only."""
    text = (settings.BASE_DIR / "static" / "tracker.js").read_bytes()
    return text, f'"{hashlib.sha256(text).hexdigest()[:16]}"'


@require_safe
@login_not_required
@gzip_page
@cache_control(public=True, max_age=3600)
@condition(etag_func=lambda request: _script()[1])
def script(request: HttpRequest) -> HttpResponse:
    """The tracking script of public pages."""
    return HttpResponse(_script()[0], content_type="text/javascript; charset=utf-8")


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
        leads.track(beacon=_beacon(request, _read(request)), at=timezone.now())
    except DomainError as error:
        return _plain(str(error), error.status)
    return _keep_visitor(request, HttpResponse(status=204))


@require_GET
@never_cache
@login_not_required
def pixel(request: HttpRequest) -> HttpResponse:
    """Count a page view where no script runs."""
    if not is_flooding(request, "track"):
        said = {"kind": "page_view", "asset": request.GET.get("a", "")}
        said["url"] = request.headers.get("Referer", "")
        leads.track(beacon=_beacon(request, said), at=timezone.now())
    return HttpResponse(PIXEL, content_type="image/gif")


def visitor_id(request: HttpRequest) -> UUID | None:
    """The visitor this browser agreed to be remembered as."""
    if request.COOKIES.get(CONSENT) != "1":
        return None
    try:
        return UUID(request.COOKIES.get(VISITOR, ""))
    except ValueError:
        return None


def source_of(url: str, referrer: str, *, host: str) -> str:
    """Where a visit came from: what the address says, else the site that linked here."""
    named = _parameter(url, "utm_source")
    return named or next((site for site in [_site(referrer)] if site != _site(f"//{host}")), "")


def _parameter(url: str, name: str) -> str:
    try:
        return parse_qs(urlsplit(url).query, max_num_fields=50).get(name, [""])[0][:80]
    except ValueError:
        return ""


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")[:80]
    except ValueError:
        return ""


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        said = json.loads(request.body[: MOST_BYTES + 1])
    except (ValueError, RecursionError):
        raise Invalid("A report is a JSON object.") from None
    if not isinstance(said, dict):
        raise Invalid("A report is a JSON object.")
    return said


def _beacon(request: HttpRequest, said: dict[str, Any]) -> leads.Beacon:
    url, referrer = _text(said, "url"), _text(said, "referrer")
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return leads.Beacon(
        kind=_text(said, "kind"),
        url=url,
        title=_text(said, "title"),
        asset_key=_text(said, "asset"),
        visitor_id=visitor_id(request),
        source=source_of(url, referrer, host=request.get_host()),
        campaign_key=_parameter(url, "utm_campaign"),
        user_agent=request.headers.get("User-Agent", ""),
        is_prefetch="prefetch" in purpose,
    )


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _keep_visitor(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Some browsers drop a script's cookie after a week; ours lasts as long as the consent."""
    if visitor := visitor_id(request):
        response.set_cookie(
            VISITOR, str(visitor), max_age=YEAR, samesite="Lax", secure=settings.HTTPS
        )
    return response


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
