"""What is asked in a dialog, or on a page of its own, and how its answer goes on."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from leadflow.core.errors import DomainError


def is_piece(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of a page."""
    return bool(getattr(request, "htmx", False))


def ask(
    request: HttpRequest,
    form: forms.Form,
    words: Mapping[str, Any],
    *,
    error: DomainError | None = None,
    template: str = "core/ask.html",
) -> HttpResponse:
    """Show a form in the dialog or as a page; what was typed stays, errors stand at their field.

    `words`: title, action, back, submit, and what else the template knows.
    """
    if error is not None:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    status = 200 if not form.is_bound else 422 if is_piece(request) else 400
    name = template + ("#form" if is_piece(request) else "")
    return render(request, name, {"form": form, **words}, status=status)


def done(request: HttpRequest, message: str, *, to: str, take_back: str = "") -> HttpResponse:
    """Go to the page `to` and show `message` there; htmx is told to load it as a whole.

    `take_back` is the address that undoes what was done: the message offers it.
    """
    messages.success(request, message, extra_tags=take_back)
    return go_to(request, to)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the reader to another page; htmx is told to load it as a whole."""
    if is_piece(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
