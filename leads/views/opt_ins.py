"""The page behind the link that confirms a consent: a look changes nothing, a click does."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from content import queries as library
from leadflow.core.errors import Conflict
from leads import services as leads
from leads.models import OptIn


@csrf_exempt  # whoever opens the mail has no cookie of ours; the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def confirm(request: HttpRequest, token: UUID) -> HttpResponse:
    """Show what was agreed to, and confirm it by a click: mail scanners press no buttons."""
    opt_in, at = get_object_or_404(OptIn, token=token), timezone.now()
    if request.method == "POST":
        try:
            leads.confirm_opt_in(token=token, at=at)
        except Conflict:
            return _page(request, opt_in, is_expired=True)
        return redirect(request.path)
    return _page(request, opt_in, is_expired=leads.is_expired(opt_in, at=at))


def _page(request: HttpRequest, opt_in: OptIn, *, is_expired: bool) -> HttpResponse:
    context = {"opt_in": opt_in, "is_expired": is_expired, "brand": library.brand()}
    return render(request, "leads/opt_in.html", context, status=410 if is_expired else 200)
