"""Lists kept under a name: saved, renamed, brought up to date, deleted."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError
from leads import policies
from leads import services as leads
from leads.engine.identity import clean
from leads.forms.lists import ViewForm
from leads.models import SavedView
from leads.queries.params import Params
from leads.views.access import LARGEST_ID, PageRequest

LONGEST, LONGEST_ID = 4_000, 18
PASSING = ("after", "before", "view", "columns", "more", "count")  # of an address, not of the list
asks = require_http_methods(["GET", "HEAD", "POST"])


def address_of(view: SavedView) -> str:
    """The list that a view shows."""
    columns = f"&{urlencode({'columns': ','.join(view.columns)})}" if view.columns else ""
    return f"{reverse('leads:list')}?{view.query}&view={view.pk}{columns}".replace("?&", "?")


def read_list(text: str) -> tuple[str, list[str]]:
    """What an address of the list asks for: the query that is kept, and the columns."""
    said = QueryDict(text[:LONGEST], mutable=True)
    columns = [key for value in said.getlist("columns") for key in value.split(",") if key]
    for name in PASSING:
        said.pop(name, None)
    for name in list(said):
        said.setlist(name, [clean(value, most=LONGEST) for value in said.getlist(name) if value])
    return said.urlencode(), [clean(key, most=40) for key in columns]


def shown_view(request: PageRequest, params: Params) -> SavedView | None:
    """The view that an address of the list belongs to."""
    said = params.get("view", "")
    if not said.isdecimal() or len(said) > LONGEST_ID:
        return None
    views = SavedView.objects.visible_to(request.user).select_related("owner")
    return views.filter(pk=int(said)).first()


@asks
def save_view(request: PageRequest) -> HttpResponse:
    """Keep the list that `?filter=` tells of."""
    query, columns = read_list(request.GET.get("filter", ""))
    form = _form(request, {})
    words = {
        "title": "Keep this view",
        "submit": "Keep",
        "back": f"{reverse('leads:list')}?{query}",
    }
    return _answer(
        request,
        form,
        words,
        lambda said: leads.save_view(query=query, columns=columns, by=request.user, **said),
        "The view is kept.",
    )


@asks
def edit_view(request: PageRequest, view_id: int) -> HttpResponse:
    """Another name, shared or not."""
    view = _view_or_404(request, view_id)
    policies.check_may_change_view(view, by=request.user)
    form = _form(request, {"name": view.name, "is_shared": view.is_shared})
    words = {"title": f"View “{view}”", "submit": "Save", "back": address_of(view)}
    keeps = {"is_shared": view.is_shared} if "is_shared" not in form.fields else {}
    return _answer(
        request,
        form,
        words,
        lambda said: leads.rename_view(view_id=view.pk, by=request.user, **(said | keeps)),
        "Saved.",
    )


@require_POST
def update_view(request: PageRequest, view_id: int) -> HttpResponse:
    """Let the view show the list that `filter` tells of."""
    view = _view_or_404(request, view_id)
    query, columns = read_list(request.POST.get("filter", ""))
    view = leads.update_view(view_id=view.pk, query=query, columns=columns, by=request.user)
    return done(request, f"“{view}” shows this list from now on.", to=address_of(view))


@require_POST
def delete_view(request: PageRequest, view_id: int) -> HttpResponse:
    """Forget a view."""
    view = _view_or_404(request, view_id)
    leads.delete_view(view_id=view.pk, by=request.user)
    return done(request, f"The view “{view}” is deleted; its leads stay.", to=reverse("leads:list"))


def _view_or_404(request: PageRequest, view_id: int) -> SavedView:
    views = SavedView.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(views, pk=min(view_id, LARGEST_ID))


def _form(request: PageRequest, values: dict[str, Any]) -> ViewForm:
    may_share = policies.permits("share_views", by=request.user)
    return ViewForm(request.POST or None, initial=values, may_share=may_share)


def _answer(
    request: PageRequest,
    form: ViewForm,
    words: dict[str, Any],
    save: Callable[[dict[str, Any]], SavedView],
    said: str,
) -> HttpResponse:
    words["action"] = request.get_full_path()
    if not form.is_valid():
        return ask(request, form, words)
    try:
        view = save({"is_shared": False} | form.cleaned_data)
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, said, to=address_of(view))
