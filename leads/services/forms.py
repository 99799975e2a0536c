"""Public forms as marketing builds them: settings, questions, and the end of a form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from leadflow.core.errors import Conflict, Invalid
from leads.engine.arrivals import host_of
from leads.engine.questions import (
    Question,
    check_question,
    check_questions,
    fact_question,
    key_of,
    read_questions,
)
from leads.models import Form

SETTINGS = (
    "name slug intro submit_label consent_text consent_required is_double_opt_in thanks "
    "redirect_url most_questions asset_id campaign_id product_id is_active"
).split()
TAKEN_SLUGS = frozenset({"confirm"})
FIRST_QUESTIONS = ("first_name", "last_name", "email", "company")
MOST_HOSTS = 50


@transaction.atomic
def create_form(*, values: Mapping[str, Any], at: datetime) -> Form:
    """A new form with the usual first questions; raises Invalid naming the field."""
    form = Form(created_at=at)
    form.fields = [fact_question(name).write() for name in FIRST_QUESTIONS]
    return _save(form, values)


@transaction.atomic
def change_form(*, form_id: int, values: Mapping[str, Any]) -> Form:
    """Change settings; a new wording of the consent is a new version. Raises Invalid naming the field."""
    return _save(_locked(form_id), values)


def _locked(form_id: int) -> Form:
    return Form.objects.select_for_update(of=("self",)).get(pk=form_id)


def _save(form: Form, values: Mapping[str, Any]) -> Form:
    wording = form.consent_text
    for name in SETTINGS:
        if name in values:
            setattr(form, name, values[name])
    form.slug = form.slug or free_slug(form.name)
    if wording and form.consent_text != wording:
        form.consent_version += 1
    _check_settings(form)
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        raise Invalid(f"Another form has the address “{form.slug}”.", field="slug") from None
    return form


def _check_settings(form: Form) -> None:
    if form.slug in TAKEN_SLUGS:
        raise Invalid(f"The address “{form.slug}” is taken by LeadFlow itself.", field="slug")
    if form.consent_required and not form.consent_text:
        raise Invalid("Write the wording that people have to agree to.", field="consent_text")
    if form.is_double_opt_in and not form.consent_text:
        raise Invalid("Write the wording that people confirm by e-mail.", field="consent_text")
    if form.is_double_opt_in and not _asks(form, "email"):
        raise Invalid(
            "Ask for the e-mail address first: that is where people confirm.",
            field="is_double_opt_in",
        )


def _asks(form: Form, name: str) -> bool:
    return any(one.name == name and one.is_shown for one in read_questions(form.fields))


def free_slug(name: str) -> str:
    """An address made of a name that no other form has."""
    start = slugify(name)[:50].strip("-") or "form"
    taken = set(Form.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    taken |= TAKEN_SLUGS
    numbered = (f"{start}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (start, *numbered) if slug not in taken)


@transaction.atomic
def allow_hosts(*, form_id: int, hosts: Sequence[str]) -> Form:
    """Name the sites whose pages may hold or send a form, as hosts or as addresses of their pages."""
    form, names = _locked(form_id), []
    for text in hosts:
        host = host_of(text.strip())
        if not host or not all(char.isalnum() or char in "-.:[]" for char in host):
            raise Invalid(
                f"“{text.strip()[:80]}” is no host name; write it like www.example.com.",
                field="allowed_hosts",
            )
        names.append(host)
    form.allowed_hosts = list(dict.fromkeys(names))
    if len(form.allowed_hosts) > MOST_HOSTS:
        raise Invalid(f"A form may be on {MOST_HOSTS} sites.", field="allowed_hosts")
    form.save(update_fields=["allowed_hosts", "updated_at"])
    return form


@transaction.atomic
def add_fact(*, form_id: int, name: str) -> Form:
    """Ask for a fact that every lead has a place for, at the end; raises Invalid for none of them."""
    try:
        question = fact_question(name)
    except KeyError:
        raise Invalid(f"There is no fact “{name[:40]}”.", field="name") from None
    form = _locked(form_id)
    return _save_questions(form, [*read_questions(form.fields), question])


@transaction.atomic
def add_question(*, form_id: int, question: Question) -> Form:
    """Ask something else, at the end; without a key one is made of the question."""
    form = _locked(form_id)
    questions = read_questions(form.fields)
    taken = {one.name for one in questions}
    question = replace(question, name=question.name or key_of(question.label, taken=taken))
    check_question(question)
    return _save_questions(form, [*questions, question])


@transaction.atomic
def change_question(*, form_id: int, question: Question) -> Form:
    """Change the question of that name, but for its key: answers are kept under it."""
    form = _locked(form_id)
    questions = read_questions(form.fields)
    check_question(question)
    if question.name not in {one.name for one in questions}:
        raise Conflict("This question is no longer on the form. Look at the form again.")
    changed = [question if one.name == question.name else one for one in questions]
    return _save_questions(form, changed)


@transaction.atomic
def shift_question(*, form_id: int, name: str, steps: int) -> Form:
    """Move a question up (−1) or down (1); at the end of the list it stays."""
    form = _locked(form_id)
    questions = read_questions(form.fields)
    at = next((place for place, one in enumerate(questions) if one.name == name), None)
    if at is None:
        raise Conflict("This question is no longer on the form. Look at the form again.")
    to = min(max(at + steps, 0), len(questions) - 1)
    questions.insert(to, questions.pop(at))
    return _save_questions(form, questions)


@transaction.atomic
def remove_question(*, form_id: int, name: str) -> Form:
    """Ask something no more; answers that were given stay. Raises Invalid where nobody could be told apart."""
    form = _locked(form_id)
    left = [one for one in read_questions(form.fields) if one.name != name]
    if name == "email" and form.is_double_opt_in:
        raise Invalid("Consent is confirmed by e-mail: switch double opt-in off first.")
    return _save_questions(form, left)


def _save_questions(form: Form, questions: Sequence[Question]) -> Form:
    check_questions(questions)
    form.fields = [question.write() for question in questions]
    form.save(update_fields=["fields", "updated_at"])
    return form


@transaction.atomic
def duplicate_form(*, form_id: int, at: datetime) -> Form:
    """A copy under another name and address, switched off."""
    form = Form.objects.get(pk=form_id)
    form.pk, form._state.adding = None, True
    form.name = f"{form.name[:112]} (copy)"
    form.slug, form.is_active, form.created_at = free_slug(form.name), False, at
    form.consent_version = 1
    form.save(force_insert=True)
    return form


@transaction.atomic
def delete_form(*, form_id: int) -> None:
    """Delete a form nobody has sent; raises Conflict for one that has submissions."""
    form = _locked(form_id)
    if form.submissions.exists():
        raise Conflict(
            "People have sent this form, and what they sent is kept. Switch it off instead: then "
            "nobody can send it any more."
        )
    form.delete()
