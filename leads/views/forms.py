"""Forms of the website: where they are, what came in, and their beginning and end."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError
from leads import queries
from leads import services as leads
from leads.forms import NewForm
from leads.models import Form
from leads.views.access import LARGEST_ID, PageRequest, may

asks = require_http_methods(["GET", "HEAD", "POST"])


def find_form(form_id: int) -> Form:
    """The form of that id; 404 where there is none."""
    if form_id > LARGEST_ID:
        raise Http404
    return get_object_or_404(Form.objects.select_related("asset"), pk=form_id)


@require_safe
@may("manage_forms")
def form_list(request: PageRequest) -> HttpResponse:
    """Every form with its address and what came in."""
    context = {
        "forms": list(queries.list_forms()[:500]),
        "address": request.build_absolute_uri("/f/"),
    }
    return render(request, "leads/forms.html", context)


@asks
@may("manage_forms")
def add_form(request: PageRequest) -> HttpResponse:
    """Begin a form; its questions come next."""
    form = NewForm(request.POST if request.method == "POST" else None)
    words = {
        "title": "Add a form",
        "subtitle": "It begins with name, e-mail and company; you change that next.",
        "submit": "Go on to the questions",
        "action": request.path,
        "back": reverse("leads:forms"),
    }
    if not form.is_valid():
        return ask(request, form, words)
    try:
        made = leads.create_form(values=form.cleaned_data, at=timezone.now())
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "The form is there.", to=reverse("leads:form", args=[made.pk]))


@require_POST
@may("manage_forms")
def switch_form(request: PageRequest, form_id: int) -> HttpResponse:
    """Let people send a form, or no longer."""
    form = find_form(form_id)
    is_active = request.POST.get("to") == "on"
    leads.change_form(form_id=form.pk, values={"is_active": is_active})
    words = "can be sent again" if is_active else "cannot be sent any more; what came in stays"
    return done(request, f"“{form}” {words}.", to=reverse("leads:form", args=[form.pk]))


@require_POST
@may("manage_forms")
def duplicate_form(request: PageRequest, form_id: int) -> HttpResponse:
    """Copy a form, switched off."""
    form = find_form(form_id)
    copy = leads.duplicate_form(form_id=form.pk, at=timezone.now())
    words = f"This is a copy of “{form}”, switched off until you want it."
    return done(request, words, to=reverse("leads:form", args=[copy.pk]))


@asks
@may("manage_forms")
def delete_form(request: PageRequest, form_id: int) -> HttpResponse:
    """Delete a form nobody has sent."""
    form = find_form(form_id)
    question = NewForm(request.POST if request.method == "POST" else None)
    question.fields.clear()
    words = {
        "title": f"Delete “{form}”?",
        "subtitle": "Its page is gone at once. This cannot be undone.",
        "submit": "Delete the form",
        "variant": "danger",
        "action": request.path,
        "back": reverse("leads:form", args=[form.pk]),
    }
    if request.method != "POST":
        return ask(request, question, words)
    try:
        leads.delete_form(form_id=form.pk)
    except DomainError as error:
        return ask(request, question, words, error=error)
    return done(request, f"“{form}” is deleted.", to=reverse("leads:forms"))


def act(request: PageRequest, call: Callable[[], object], *, to: str) -> HttpResponse:
    """Run a small act of a page and go back to it; what is refused is said there."""
    try:
        call()
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(to)
