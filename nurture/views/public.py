"""What receivers of our mail may do: stop it with one click, or have it again."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from content import queries as library
from nurture import queries, services
from nurture.models import Message


@csrf_exempt  # mailbox providers post without cookies (RFC 8058); the signed token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show what somebody gets and let them change it; only POST changes anything."""
    message = services.read_token(token)
    if message is None:
        raise Http404("no such link")
    if request.method != "POST":
        return render(request, "nurture/unsubscribe.html", _context(message))
    if request.POST.get("action") == "resubscribe":
        services.resubscribe(message=message, at=timezone.now())
    else:
        services.unsubscribe(message=message, at=timezone.now())
    if "List-Unsubscribe" in request.POST:
        return HttpResponse("You are unsubscribed.", content_type="text/plain")
    return redirect(request.path)


def _context(message: Message) -> dict[str, object]:
    is_given, _ = queries.marketing_words([message.lead_id]).get(message.lead_id, (False, None))
    name, _, domain = message.to_address.partition("@")
    return {"gets_mail": is_given, "address": f"{name[:2]}…@{domain}", "brand": library.brand()}
