"""How acts are answered: the changed list for htmx, a redirect with a message otherwise."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.middleware import HtmxDetails

from leadflow.core.errors import DomainError, Invalid
from leadflow.core.models import User
from leadflow.core.views import toast


class PageRequest(HttpRequest):
    """What a view gets from somebody who is signed in."""

    user: User
    htmx: HtmxDetails


def done(request: PageRequest, message: str, *, to: str, take_back: str = "") -> HttpResponse:
    """Go to the page `to` and show `message` there; htmx is told to load it as a whole.

    `take_back` is the address that undoes what was done: the message offers it.
    """
    messages.success(request, message, extra_tags=take_back)
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": to})
    return redirect(to)


def too_late(request: PageRequest, error: DomainError) -> HttpResponse:
    """Somebody was faster: say who, and let the list on the page look again."""
    if not request.htmx:
        raise error
    response = HttpResponse(status=error.status)
    response["HX-Trigger"] = json.dumps({"queue-changed": True, "close-dialog": True})
    response["HX-Reswap"] = "none"
    return toast(response, str(error), "warn")


def ask(
    request: PageRequest,
    form: forms.Form,
    words: Mapping[str, Any],
    *,
    error: Invalid | None = None,
) -> HttpResponse:
    """Show a form in the dialog or as a page; what was typed stays, errors stand at their field."""
    if error is not None:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    status = 200 if not form.is_bound else 422 if request.htmx else 400
    template = "handoff/ask.html" + ("#form" if request.htmx else "")
    return render(request, template, {"form": form, **words}, status=status)
