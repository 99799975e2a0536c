"""Public forms: shown, checked, stored raw, answered. What makes leads of them comes later."""

import hashlib
import json
import secrets
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads import services as leads
from leads.forms import HONEYPOT, PublicForm
from leads.models import Form
from leads.views.limits import is_flooding, is_too_big
from leads.views.tracking import source_of, visitor_id

SALT = "leads.form"
MOST_BYTES = 200_000
MOST_UNKNOWN = 50
OPEN_FOR_SECONDS = 2 * 86_400
LEAST_SECONDS = 1

TOO_MANY = "Too many forms came from your address. Wait a minute and send it again."
TOO_BIG = "This is more than a form can hold. Shorten the message and send it again."
TOO_OLD = "This form was open for too long. Nothing is lost: check it and send it once more."
TOO_FAST = "That was faster than people write. Wait a moment and send it again."
NOT_EMPTY = "A field that stays empty was filled in. Send the form again without filling it."


@never_cache
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def form_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A public form; sending it answers 303, or 201 with JSON where that is accepted."""
    form = get_object_or_404(Form.objects.select_related("asset"), slug=slug, is_active=True)
    if request.method != "POST":
        return _page(request, form, PublicForm(form), token=_issue(form, request))
    if is_flooding(request, "form"):
        return _refuse(request, form, TOO_MANY, 429)
    if is_too_big(request, MOST_BYTES):
        return _refuse(request, form, TOO_BIG, 413)
    try:
        return _receive(request, form)
    except RequestDataTooBig:
        return _refuse(request, form, TOO_BIG, 413)
    except (SuspiciousOperation, MultiPartParserError):
        return _refuse(request, form, "This is not what the form asks for.", 400)


@require_safe
@login_not_required
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """What people see after they sent a form."""
    form = get_object_or_404(Form.objects.select_related("asset"), slug=slug)
    return render(request, "leads/thanks.html", {"form_row": form})


def _receive(request: HttpRequest, form: Form) -> HttpResponse:
    filled = PublicForm(form, request.POST)
    token, trouble = _read_token(request.POST.get("token", ""), form)
    if request.POST.get(HONEYPOT):
        trouble = NOT_EMPTY
    if trouble or not filled.is_valid():
        kept = request.POST["token"] if token else _issue(form, request)
        return _page(request, form, filled, token=kept, trouble=trouble)
    values = _raw(request, filled)
    leads.receive_submission(
        form=form,
        values=values,
        token=_fingerprint(token["id"], values),
        visitor_id=visitor_id(request),
        source=token["source"],
        at=timezone.now(),
    )
    if _wants_json(request):
        return JsonResponse({"detail": form.thanks}, status=201)
    return _see_other(reverse("public:thanks", args=[form.slug]))


def _raw(request: HttpRequest, filled: PublicForm) -> dict[str, Any]:
    """What was sent: the form's own fields, and apart from them a few that it does not know."""
    unknown = [name for name in request.POST if name not in {"token", HONEYPOT, *filled.fields}]
    extra = {
        _without_nul(name)[:80]: _without_nul(request.POST[name])[:1_000]
        for name in unknown[:MOST_UNKNOWN]
    }
    return {**filled.cleaned_data, "_extra": extra} if extra else filled.cleaned_data


def _without_nul(text: str) -> str:
    return text.replace("\x00", "\ufffd")


def _issue(form: Form, request: HttpRequest) -> str:
    """A signed token: which form, where from, since when. It stands in for a CSRF cookie."""
    referrer = request.headers.get("Referer", "") if request.method != "POST" else ""
    source = source_of(request.get_full_path(), referrer, host=request.get_host())
    body = {
        "form": form.pk,
        "id": secrets.token_hex(8),
        "source": _without_nul(source),
        "at": timezone.now().timestamp(),
    }
    return signing.dumps(body, salt=SALT)


def _read_token(text: str, form: Form) -> tuple[dict[str, Any], str]:
    """What the token says ({} for none of ours), and why it is not enough ("" when it is)."""
    try:
        token = signing.loads(text, salt=SALT, max_age=OPEN_FOR_SECONDS)
    except signing.BadSignature:
        return {}, TOO_OLD
    if token["form"] != form.pk:
        return {}, TOO_OLD
    is_quick = timezone.now().timestamp() - token["at"] < LEAST_SECONDS
    return token, TOO_FAST if is_quick else ""


def _fingerprint(token_id: str, values: dict[str, Any]) -> str:
    """The same values sent twice from one page are one submission; corrected ones are another."""
    said = json.dumps(values, sort_keys=True)
    return hashlib.sha256(f"{token_id}:{said}".encode("utf-8", "replace")).hexdigest()


def _page(
    request: HttpRequest, form: Form, filled: PublicForm, *, token: str, trouble: str = ""
) -> HttpResponse:
    status = 422 if filled.is_bound else 200
    if _wants_json(request):
        errors = {name: list(map(str, messages)) for name, messages in filled.errors.items()}
        said = {"detail": trouble or "Some fields need another look.", "errors": errors}
        return JsonResponse(said if filled.is_bound else {"token": token}, status=status)
    context = {"form_row": form, "form": filled, "token": token, "trouble": trouble}
    return render(request, "leads/form.html", context, status=status)


def _refuse(request: HttpRequest, form: Form, why: str, status: int) -> HttpResponse:
    if _wants_json(request):
        response: HttpResponse = JsonResponse({"detail": why}, status=status)
    else:
        context = {"form_row": form, "refusal": why, "token": _issue(form, request)}
        response = render(request, "leads/form.html", context, status=status)
    if status == 429:
        response["Retry-After"] = "60"
    return response


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _see_other(url: str) -> HttpResponse:
    response = redirect(url)
    response.status_code = 303
    return response
