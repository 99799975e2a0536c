"""The builder of a public form: its questions, its settings, and how it gets onto a website."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.dialogs import ask, done, is_piece
from leadflow.core.errors import DomainError
from leads import services as leads
from leads.engine.questions import (
    FACTS,
    KINDS,
    OWN_KINDS,
    Question,
    choose_questions,
)
from leads.forms import HONEYPOT, HostsForm, PublicForm, QuestionForm, SettingsForm
from leads.models import Form
from leads.views import slips
from leads.views.access import PageRequest, may
from leads.views.forms import find_form

asks = require_http_methods(["GET", "HEAD", "POST"])
FIELDS = {"asset_id": "asset", "campaign_id": "campaign", "product_id": "product"}


@require_safe
@may("manage_forms")
def form_detail(request: PageRequest, form_id: int) -> HttpResponse:
    """The questions of a form, and how it looks."""
    return _questions(request, find_form(form_id))


def _questions(request: PageRequest, form: Form) -> HttpResponse:
    questions = form.questions
    names = {question.name for question in questions}
    context = {
        "form_row": form,
        "questions": questions,
        "facts": [(name, fact.label) for name, fact in FACTS.items() if name not in names],
        "kinds": [(kind, KINDS[kind]) for kind in OWN_KINDS],
        **preview_of(form),
    }
    piece = "#builder" if is_piece(request) else ""
    return render(request, f"leads/forms/questions.html{piece}", context)


def preview_of(form: Form) -> dict[str, Any]:
    """A form as people see it, and what they are asked the next time."""
    questions = form.questions
    first = choose_questions(questions, most=form.most_questions)
    later = [one for one in questions if one.is_shown and one not in first]
    return {"preview": PublicForm(form, auto_id="preview_%s"), "asked_later": later}


def _act(request: PageRequest, form: Form, call: Callable[[], Form]) -> HttpResponse:
    """Change the questions and show them; what is refused is said."""
    try:
        form = call()
    except DomainError as error:
        if is_piece(request):
            raise
        messages.error(request, str(error))
    if is_piece(request):
        return _questions(request, form)
    return redirect("leads:form", form.pk)


@require_POST
@may("manage_forms")
def add_fact(request: PageRequest, form_id: int) -> HttpResponse:
    """Ask for something that every lead has a place for."""
    form, name = find_form(form_id), request.POST.get("name", "")
    return _act(request, form, lambda: leads.add_fact(form_id=form.pk, name=name))


@require_POST
@may("manage_forms")
def shift_question(request: PageRequest, form_id: int, name: str) -> HttpResponse:
    """One place up or down."""
    form, steps = find_form(form_id), -1 if request.POST.get("to") == "up" else 1
    return _act(
        request, form, lambda: leads.shift_question(form_id=form.pk, name=name, steps=steps)
    )


@require_POST
@may("manage_forms")
def remove_question(request: PageRequest, form_id: int, name: str) -> HttpResponse:
    """Ask it no more."""
    form = find_form(form_id)
    return _act(request, form, lambda: leads.remove_question(form_id=form.pk, name=name))


@asks
@may("manage_forms")
def add_question(request: PageRequest, form_id: int) -> HttpResponse:
    """Ask something of one's own."""
    form, kind = find_form(form_id), request.GET.get("kind", "text")
    if kind not in OWN_KINDS:
        raise Http404
    asked = QuestionForm(request.POST if request.method == "POST" else None, kind=kind)
    words = {"title": f"Add: {KINDS[kind].label.lower()}", "subtitle": f"{KINDS[kind].hint}."}
    return _answer(request, form, asked, words, leads.add_question)


@asks
@may("manage_forms")
def edit_question(request: PageRequest, form_id: int, name: str) -> HttpResponse:
    """Change a question."""
    form = find_form(form_id)
    found = next((one for one in form.questions if one.name == name), None)
    if found is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    asked = QuestionForm(data, kind=found.kind, question=found)
    words = {"title": f"Change “{found.label}”", "subtitle": f"Kept under “{found.name}”."}
    return _answer(request, form, asked, words, leads.change_question)


def _answer(
    request: PageRequest,
    form: Form,
    asked: QuestionForm,
    words: dict[str, str],
    save: Callable[..., Form],
) -> HttpResponse:
    back = reverse("leads:form", args=[form.pk])
    words |= {"submit": "Save", "action": request.get_full_path(), "back": back}
    if not asked.is_valid():
        return ask(request, asked, words)
    question: Question = asked.answer()
    try:
        save(form_id=form.pk, question=question)
    except DomainError as error:
        return ask(request, asked, words, error=error)
    return done(request, f"“{question.label}” is on the form.", to=back)


@asks
@may("manage_forms")
def form_settings(request: PageRequest, form_id: int) -> HttpResponse:
    """Everything else: words, consent, what comes afterwards, what the form belongs to."""
    form = find_form(form_id)
    filled = SettingsForm(request.POST if request.method == "POST" else None, instance=form)
    if request.method == "POST" and filled.is_valid():
        try:
            leads.change_form(form_id=form_id, values=filled.settings())
        except DomainError as error:
            field = FIELDS.get(error.field, error.field)
            filled.add_error(field if field in filled.fields else None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("leads:form_settings", form_id)
    context = {"form_row": find_form(form_id), "form": filled, **preview_of(filled.instance)}
    status = 422 if filled.errors else 200
    return render(request, "leads/forms/settings.html", context, status=status)


@require_POST
@may("manage_forms")
def preview_settings(request: PageRequest, form_id: int) -> HttpResponse:
    """How the form would look with settings that are not saved yet."""
    filled = SettingsForm(request.POST, instance=find_form(form_id))
    filled.is_valid()  # what fits is shown
    context = {"form_row": filled.instance, **preview_of(filled.instance)}
    return render(request, "leads/forms/_preview.html", context)


@asks
@may("manage_forms")
def form_share(request: PageRequest, form_id: int) -> HttpResponse:
    """The address, the two snippets, and the sites that may use them."""
    form = find_form(form_id)
    initial = {"allowed_hosts": "\n".join(form.allowed_hosts)}
    asked = HostsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and asked.is_valid():
        try:
            leads.allow_hosts(form_id=form.pk, hosts=asked.hosts())
        except DomainError as error:
            asked.add_error("allowed_hosts", str(error))
        else:
            messages.success(request, "Saved. It holds within seconds.")
            return redirect("leads:form_share", form.pk)
    context = {"form_row": form, "form": asked, **_snippets(request, form)}
    status = 422 if asked.errors else 200
    return render(request, "leads/forms/share.html", context, status=status)


def _snippets(request: PageRequest, form: Form) -> dict[str, str]:
    """What is pasted into somebody's page."""
    words = {
        "form_row": form,
        "address": request.build_absolute_uri(reverse("public:form", args=[form.slug])),
        "frame": request.build_absolute_uri(reverse("public:embed", args=[form.slug])),
        "script": request.build_absolute_uri("/static/embed.js"),
        "copy": PublicForm(form, auto_id="lf_%s"),
        "hidden": [one for one in form.questions if not one.is_shown and one.param],
        "wording": slips.seal_wording(form) if form.consent_text else "",
        "honeypot": HONEYPOT,
    }
    return {
        "address": str(words["address"]),
        "frame_snippet": _plain(render_to_string("leads/forms/_frame.html", words)),
        "copy_snippet": _plain(render_to_string("leads/forms/_copy.html", words)),
    }


def _plain(snippet: SafeString) -> str:
    """Text to be read, not markup of this page; without the lines that are left empty."""
    return "\n".join(line.rstrip() for line in str(snippet).splitlines() if line.strip())
