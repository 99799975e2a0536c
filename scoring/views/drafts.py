"""Writing the next version: a table of figures, a dialog for each part, a preview, publishing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError, Invalid
from scoring import queries
from scoring import services as scoring
from scoring.forms import (
    BandsForm,
    FactEditor,
    FiguresForm,
    GroupForm,
    PublishForm,
    RuleForm,
)
from scoring.models import RuleSet
from scoring.services.drafts import BANDS
from scoring.views.access import PageRequest, may
from scoring.views.blocks import read_blocks

asks = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@may("edit_rules")
def start(request: PageRequest) -> HttpResponse:
    """Begin the next version from the one in use, or from the one that is named."""
    base = request.POST.get("base", "")
    scoring.start_draft(
        base=int(base) if base.isdecimal() and len(base) < 10 else None,
        by=request.user,
        at=timezone.now(),
    )
    return redirect("scoring:draft")


@require_http_methods(["GET", "HEAD", "POST"])
@may("edit_rules")
def draft(request: PageRequest) -> HttpResponse:
    """The draft with every figure in place; sending saves them all."""
    rule_set = queries.draft()
    if rule_set is None:
        return redirect("scoring:rules")
    form = FiguresForm(rule_set, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _save_figures(request, form):
        messages.success(request, "Saved. Nothing changes for anybody until you publish.")
        return redirect("scoring:preview" if "preview" in request.POST else "scoring:draft")
    context = {
        "rule_set": rule_set,
        "form": form,
        "blocks": read_blocks(rule_set, form=form),
        "changes": queries.differences(queries.current_rules(), rule_set),
    }
    return render(request, "scoring/draft.html", context, status=422 if form.is_bound else 200)


@require_POST
@may("edit_rules")
def discard(request: PageRequest) -> HttpResponse:
    """Drop the draft."""
    scoring.discard_draft(by=request.user)
    return done(request, "The draft is gone; nothing has changed.", to=reverse("scoring:rules"))


@asks
@may("edit_rules")
def rule(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Add a rule, or change one."""
    rule_set = _the_draft()
    found = get_object_or_404(rule_set.rules, pk=pk) if pk else None
    group = request.GET.get("group", "")
    form = RuleForm(request.POST or None, draft=rule_set, rule=found)
    if found is None and group.isdecimal():
        form.initial["group"] = group
    words = {"title": f"Rule “{found}”" if found else "Add a rule", "wide": True}

    def save() -> None:
        facts = form.cleaned_data
        scoring.save_rule(rule_id=pk, facts=facts, by=request.user, at=timezone.now())

    return _answer(request, form, words, save)


@asks
@may("edit_rules")
def fact(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Add a fact that gives points, or change one, on a page with the builder of conditions."""
    rule_set = _the_draft()
    found = get_object_or_404(rule_set.fit_rules, pk=pk) if pk else None
    editor = FactEditor.of(found)
    if request.method == "POST":
        editor = FactEditor.read(request.POST)
        if not editor.builder.edit(request.POST.get("do", "")[:100]):
            try:
                facts = editor.facts()
                scoring.save_fit_rule(rule_id=pk, facts=facts, by=request.user, at=timezone.now())
            except DomainError as error:
                editor.tell(error)
            else:
                return done(request, "Saved in the draft.", to=reverse("scoring:draft"))
    title = f"Fact “{found}”" if found else "Add a fact"
    context = {"title": title, "rule": found, "editor": editor, "builder": editor.builder}
    is_refused = bool(editor.error or editor.builder.error or editor.form.errors)
    return render(request, "scoring/fact.html", context, status=422 if is_refused else 200)


@asks
@may("edit_rules")
def group(request: PageRequest, pk: int | None = None) -> HttpResponse:
    """Add a group of rules, or change one."""
    found = get_object_or_404(_the_draft().groups, pk=pk) if pk else None
    names = ("name", "half_life_days", "cap")
    initial = {name: getattr(found, name) for name in names} if found else {}
    form = GroupForm(request.POST or None, initial=initial)
    words = {"title": f"Group “{found}”" if found else "Add a group"}

    def save() -> None:
        facts = form.cleaned_data
        scoring.save_group(group_id=pk, facts=facts, by=request.user, at=timezone.now())

    return _answer(request, form, words, save)


@asks
@may("edit_rules")
def bands(request: PageRequest) -> HttpResponse:
    """Change the grades and the cap of all engagement."""
    rule_set = _the_draft()
    form = BandsForm(
        request.POST or None, initial={name: getattr(rule_set, name) for name in BANDS}
    )

    def save() -> None:
        scoring.save_bands(facts=form.cleaned_data, by=request.user, at=timezone.now())

    return _answer(request, form, {"title": "Grades and the total cap", "wide": True}, save)


@require_POST
@may("edit_rules")
def remove(request: PageRequest, part: str, pk: int) -> HttpResponse:
    """Take a part out of the draft."""
    at, by = timezone.now(), request.user
    try:
        if part == "rules":
            scoring.remove_rule(rule_id=pk, by=by, at=at)
        elif part == "facts":
            scoring.remove_fit_rule(rule_id=pk, by=by, at=at)
        else:
            scoring.remove_group(group_id=pk, by=by, at=at)
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("scoring:draft")
    return done(request, "Removed from the draft.", to=reverse("scoring:draft"))


@require_safe
@may("edit_rules")
def preview(request: PageRequest) -> HttpResponse:
    """What the draft would change, before anything changes."""
    rule_set = queries.draft()
    if rule_set is None:
        return redirect("scoring:rules")
    return render(request, "scoring/preview.html", _previewed(rule_set))


@require_POST
@may("edit_rules")
def publish(request: PageRequest) -> HttpResponse:
    """Publish the draft as it was previewed."""
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            rules = scoring.publish_draft(
                by=request.user,
                at=timezone.now(),
                comment=form.cleaned_data["comment"],
                seen_at=form.cleaned_data["seen_at"],
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return done(request, f"{rules} is being prepared.", to=reverse("scoring:rules"))
    rule_set = queries.draft()
    if rule_set is None:
        return redirect("scoring:rules")
    context = _previewed(rule_set) | {"form": form}
    return render(request, "scoring/preview.html", context, status=422)


def _previewed(rule_set: RuleSet) -> dict[str, Any]:
    seen_at = rule_set.changed_at.isoformat() if rule_set.changed_at else ""
    return {
        "rule_set": rule_set,
        "preview": queries.preview(rule_set, at=timezone.now()),
        "changes": queries.differences(queries.current_rules(), rule_set),
        "form": PublishForm(initial={"seen_at": seen_at}),
    }


def _save_figures(request: PageRequest, form: FiguresForm) -> bool:
    """Save every figure; False with the reason on the form."""
    try:
        scoring.change_figures(figures=form.figures(), by=request.user, at=timezone.now())
    except Invalid as error:
        form.add_error(None, str(error))
        return False
    return True


def _the_draft() -> RuleSet:
    """The draft; 404 when nobody writes one."""
    return get_object_or_404(RuleSet, state=RuleSet.State.DRAFT)


def _answer(
    request: PageRequest, form: forms.Form, words: dict[str, Any], save: Callable[[], None]
) -> HttpResponse:
    """Ask; when the form fits, save and go back; what the service refuses stands at its field."""
    words |= {
        "action": request.get_full_path(),
        "back": reverse("scoring:draft"),
        "submit": "Save in the draft",
    }
    if not form.is_valid():
        return ask(request, form, words)
    try:
        save()
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "Saved in the draft.", to=words["back"])
