"""The list of leads: a page of it, how many there are, all of it as a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.spreadsheets import csv_answer
from leadflow.core.tables import Keyset
from leads import policies, queries
from leads.models import Lead, SavedView, Stage
from leads.views.access import PageRequest, may
from leads.views.choices import ANSWERS, IN_MORE, IN_THE_BAR, bar_filters, more_filters
from leads.views.columns import Column, Look, build_rows, chosen_columns, column_boxes, fetched_with
from leads.views.saved_views import address_of, read_list, shown_view

# Of an address: which piece of the page, and what is counted and opened on it
PLACE = ("after", "before", "count", "more")
MOST_VIEWS = 40


class LeadPages(Keyset):
    """Pages of the list, found the way `queries.find_page` knows."""

    def __init__(
        self,
        selection: queries.Selection,
        params: queries.Params,
        said: QueryDict,
        fetched: Iterable[str] = (),
    ) -> None:
        super().__init__(queries.list_rows(fetched), queries.sort_keys(params), said)
        self.selection, self.order = selection, queries.order_of(params)

    def fetch(self, position: list[Any] | None, *, backwards: bool, most: int) -> list[Lead]:
        """The leads beyond a position, in the order they are asked for."""
        found = queries.find_page(
            self.selection, self.order, position=position, backwards=backwards, most=most
        )
        self.total = found.total
        if queries.are_few() and found.total is None:
            self.total = self.selection.leads().order_by()[: self.cap + 1].count()
        by_id = self.queryset.in_bulk(found.ids)
        return [by_id[pk] for pk in found.ids if pk in by_id]


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def lead_list(request: PageRequest) -> HttpResponse:
    """Leads the reader may see: searched, filtered, sorted by the query string."""
    params = queries.read_params(request.GET)
    selection = queries.select_leads(user=request.user, params=params)
    if request.htmx and params.get("count"):
        return render(request, "leads/list.html#count", {"page": _counted(selection)})
    columns = chosen_columns(params.get("columns", ""))
    said = _without(request.GET, "count", "more")
    page = LeadPages(selection, params, said, fetched_with(columns)).page()
    look = Look(stages=Stage.objects.in_bulk(), now=timezone.now())
    context = {
        "page": page,
        "rows": build_rows(page, columns, look),
        "heads": [Head(column, params.get("sort", "")) for column in columns],
        "is_counted": bool(params.get("count")) or page.total is not None,
        "kinds": queries.kinds_for(request.user),
        **_in_use(request, params),
    }
    if request.htmx and request.htmx.target != "more-filters":
        return render(request, "leads/list.html#results", context)
    return render(request, "leads/list.html", context | _around(request, params))


@require_safe
@may("export_list")
def export(request: PageRequest) -> StreamingHttpResponse:
    """The list as CSV, all of it."""
    params = queries.read_params(request.GET)
    found = queries.select_leads(user=request.user, params=params).leads()
    name = f"leads-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_answer(queries.export_leads(found), name=name)


def _counted(selection: queries.Selection) -> Any:
    """A page that knows how many there are in all, and shows nobody."""
    nobody = Keyset(selection.leads(), ("-id",), QueryDict(), size=0)
    return nobody.page()


@dataclass(frozen=True)
class Head:
    """The head of a column; `now` is how the list is sorted."""

    column: Column
    now: str

    @property
    def order(self) -> str:
        """The order a click asks for; "" where the column has none."""
        is_falling = self.sorted == "descending"
        return self.column.rising if is_falling else self.column.falling

    @property
    def sorted(self) -> str:
        """How the list is sorted along the column, as ARIA says it; "" where it is not."""
        now = self.now if self.now in queries.ORDERS else "score"
        return {self.column.falling: "descending", self.column.rising: "ascending"}.get(now, "")


@dataclass(frozen=True)
class Chip:
    """A filter in use, in words, and the list without it."""

    words: str
    href: str


def _in_use(request: PageRequest, params: queries.Params) -> dict[str, Any]:
    """What narrows the list, and the view it is kept as."""
    chips = [
        Chip(one.words, "?" + _without(request.GET, *one.params, *PLACE).urlencode())
        for one in queries.chosen_filters(params)
    ]
    view = shown_view(request, params)
    return {
        "chips": chips,
        "filter": _without(request.GET, *PLACE).urlencode(),
        "keep": urlencode({"filter": _without(request.GET, *PLACE).urlencode()}),
        "view": view,
        "may_change_view": view is not None and policies.may_change_view(view, by=request.user),
        "is_changed": view is not None
        and read_list(request.GET.urlencode()) != (view.query, view.columns),
        "column_boxes": column_boxes(params.get("columns", "")),
        "kept": _pairs(_without(request.GET, "columns", *PLACE)),
    }


def _around(request: PageRequest, params: queries.Params) -> dict[str, Any]:
    """What stands around the list: the views, and the filters with what they offer."""
    is_open = bool(params.get("more"))
    views = SavedView.objects.visible_to(request.user).select_related("owner")
    offered = IN_THE_BAR | (IN_MORE if is_open else frozenset())
    return {
        "params": params,
        "is_everybody": not params.get("view") and params.get("owner") != "me",
        "is_mine": not params.get("view") and params.get("owner") == "me",
        "views": [(view, address_of(view)) for view in views[:MOST_VIEWS]],
        "bar": bar_filters(params),
        "more": more_filters(params) if is_open else None,
        "orders": [(key, f"Sort: {order.label.lower()}") for key, order in queries.ORDERS.items()],
        "answers": ANSWERS,
        "carried": _pairs(_without(request.GET, *offered, *PLACE)),
    }


def _pairs(said: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name, values in said.lists() for value in values if value]


def _without(said: QueryDict, *names: str) -> QueryDict:
    """An address of the list without some parameters."""
    kept = said.copy()
    for name in names:
        kept.pop(name, None)
    return kept
