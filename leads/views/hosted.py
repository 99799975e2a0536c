"""Public forms: shown, checked, stored raw, answered. What makes leads of them comes later."""

import time
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads import queries
from leads.engine.arrivals import host_of
from leads.engine.questions import Question, choose_questions
from leads.forms import PublicForm
from leads.models import Form
from leads.views import sending, slips
from leads.views.limits import is_flooding, is_too_big, retry_after
from leads.views.tracking import visitor_id

MOST_BYTES = 200_000
KEPT_SECONDS = 2.0  # a form that was changed or switched off takes posts the old way so long
FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", ""}

TOO_MANY = "Too many forms came from your address. Wait a minute and send it again."
TOO_BIG = "This is more than a form can hold. Shorten the message and send it again."
NOT_ASKED = "This is not what the form asks for."
NO_FORM = "Send the answers as a web form does; this came as something else."

_kept: dict[str, tuple[float, Form]] = {}


@never_cache
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def form_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A public form; sending it answers 303, or 201 with JSON where that is accepted."""
    return _serve(request, slug, via="page")


@never_cache
@csrf_exempt
@xframe_options_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The same form for a frame on one of the sites that may hold it."""
    return _serve(request, slug, via="embed")


@require_safe
@login_not_required
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """What people see after they sent a form."""
    return _thank(request, slug, via="page")


@require_safe
@xframe_options_exempt
@login_not_required
def embed_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """The same inside a frame."""
    return _thank(request, slug, via="embed")


def _thank(request: HttpRequest, slug: str, *, via: str) -> HttpResponse:
    form = get_object_or_404(Form.objects.select_related("asset"), slug=slug)
    response = render(request, "leads/thanks.html", _frame(form, via))
    return _secure(response, form, via=via)


def forget_forms() -> None:
    """Read forms anew from the database."""
    _kept.clear()


def _serve(request: HttpRequest, slug: str, *, via: str) -> HttpResponse:
    if request.method != "POST":
        return _show(request, _form(slug), via=via)
    form = _form(slug, most_age=KEPT_SECONDS)
    try:
        return _take(request, form, via=via)
    except RequestDataTooBig:
        return _refuse(request, form, TOO_BIG, 413, via=via)
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError):
        return _refuse(request, form, NOT_ASKED, 400, via=via)


def _form(slug: str, *, most_age: float = 0.0) -> Form:
    """The form at an address; a post takes one that was read a moment ago."""
    now = time.monotonic()
    read_at, form = _kept.get(slug, (0.0, None))
    if form is None or now - read_at > most_age:
        try:
            form = queries.takes_submissions(slug=slug)
        except Form.DoesNotExist:
            _kept.pop(slug, None)
            raise Http404("There is no such form, or it is switched off.") from None
        _kept[slug] = now, form
    return form


def _take(request: HttpRequest, form: Form, *, via: str) -> HttpResponse:
    if is_flooding(request, "form"):
        return _refuse(request, form, TOO_MANY, 429, via=via)
    if is_too_big(request, MOST_BYTES):
        return _refuse(request, form, TOO_BIG, 413, via=via)
    if request.content_type not in FORM_TYPES:
        return _refuse(request, form, NO_FORM, 415, via=via)
    sent = sending.read(request, form, via=via)
    if sent.trouble or not sent.filled.is_valid():
        return _show_again(request, form, sent, via=via)
    sending.keep(request, form, sent, at=timezone.now())
    if wants_json(request):
        return JsonResponse({"detail": form.thanks}, status=201)
    return _see_other(form, via=via)


def _show(request: HttpRequest, form: Form, *, via: str) -> HttpResponse:
    """The form with the questions that this browser is asked now."""
    browser = visitor_id(request) if form.most_questions and "all" not in request.GET else None
    known = queries.known_answers(visitor_id=browser)
    asked = choose_questions(form.questions, known=known or (), most=form.most_questions)
    slip = sending.issue(
        request, form, via=via, asked=asked, visitor=browser if known is not None else None
    )
    if wants_json(request):
        return JsonResponse({"token": slips.seal(slip), "asked": slip.asked})
    filled = PublicForm(form, asked=slip.asked, is_known=known is not None)
    return _page(request, form, filled, token=slips.seal(slip), via=via, is_known=known is not None)


def _show_again(
    request: HttpRequest, form: Form, sent: "sending.Sent", *, via: str
) -> HttpResponse:
    """The form as it was filled in, with what is wrong at its field."""
    filled = sent.filled
    if wants_json(request):
        errors = {name: list(map(str, messages)) for name, messages in filled.errors.items()}
        said = {"detail": sent.trouble or "Some fields need another look.", "errors": errors}
        return JsonResponse(said, status=422)
    token = sent.token or slips.seal(sending.issue(request, form, via=via, asked=_all(form)))
    return _page(
        request,
        form,
        filled,
        token=token,
        via=via,
        trouble=sent.trouble,
        status=422,
        is_known=filled.is_known,
    )


def _all(form: Form) -> list[Question]:
    return choose_questions(form.questions, most=form.most_questions)


def _page(
    request: HttpRequest,
    form: Form,
    filled: PublicForm,
    *,
    token: str,
    via: str,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {"form": filled, "token": token, **_frame(form, via), **more}
    return _secure(render(request, "leads/form.html", context, status=status), form, via=via)


def _frame(form: Form, via: str) -> dict[str, Any]:
    """What every page of a form knows: which one, where it is sent to, what is around it."""
    is_embedded = via == "embed"
    name = "public:embed" if is_embedded else "public:form"
    return {
        "form_row": form,
        "via": via,
        "base": "embed.html" if is_embedded else "public.html",
        "address": reverse(name, args=[form.slug]),
    }


def _refuse(request: HttpRequest, form: Form, why: str, status: int, *, via: str) -> HttpResponse:
    if wants_json(request):
        response: HttpResponse = JsonResponse({"detail": why}, status=status)
    else:
        context = {"refusal": why, **_frame(form, via)}
        response = render(request, "leads/form.html", context, status=status)
    if status == 429:
        response["Retry-After"] = str(retry_after("form"))
    return _secure(response, form, via=via)


def _secure(response: HttpResponse, form: Form, *, via: str) -> HttpResponse:
    """Only the sites that are named may frame the form; sending it may lead to its own next page."""
    policy: dict[str, list[str]] = {}
    if form.redirect_url:
        policy["form-action"] = ["'self'", _origin(form.redirect_url)]
    if via == "embed":
        policy["frame-ancestors"] = ["'self'", *form.allowed_hosts]
    response._csp_replace = policy  # type: ignore[attr-defined]
    return response


def _origin(url: str) -> str:
    return f"{url.partition('//')[0]}//{host_of(url)}"


def _see_other(form: Form, *, via: str) -> HttpResponse:
    if via == "embed":
        address = reverse("public:embed_thanks", args=[form.slug])
    else:
        address = form.redirect_url or reverse("public:thanks", args=[form.slug])
    response = redirect(address)
    response.status_code = 303
    return _secure(response, form, via=via)


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
