"""The list of leads."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.models import User
from leadflow.core.tables import Keyset
from leads import queries
from leads.models import Campaign, Lead, Stage
from leads.views.access import PageRequest

GRADES = [(letter, f"{letter} · any") for letter in "ABC"] + [
    (f"{letter}{digit}", f"{letter}{digit}") for letter in "ABC" for digit in "123"
]
OWNERS = [("me", "Mine"), ("nobody", "Nobody's")]
SHOWN = frozenset({"q", "stage", "owner", "grade", "source", "campaign", "product", "sort"})


class LeadPages(Keyset):
    """Pages of the list, found the way `queries.find_page` knows."""

    def __init__(
        self, selection: queries.Selection, params: queries.Params, said: QueryDict
    ) -> None:
        super().__init__(queries.list_rows(), queries.sort_keys(params), said)
        self.selection, self.order = selection, queries.order_of(params)

    def fetch(self, position: list[Any] | None, *, backwards: bool, most: int) -> list[Lead]:
        """The leads beyond a position, in the order they are asked for."""
        found = queries.find_page(
            self.selection, self.order, position=position, backwards=backwards, most=most
        )
        self.total = found.total
        return queries.find_rows(found)


@require_safe
@vary_on_headers("HX-Request")
def lead_list(request: PageRequest) -> HttpResponse:
    """Leads the reader may see: searched, filtered, sorted by the query string."""
    params = queries.read_params(request.GET)
    selection = queries.select_leads(user=request.user, params=params)
    page = LeadPages(selection, params, request.GET).page()
    template = "leads/list.html#results" if request.htmx else "leads/list.html"
    drill = queries.drill_down(params)
    context = {
        "page": page,
        "params": params,
        "stages": Stage.objects.in_bulk(),
        "drill_down": drill,
        "carried": _carried(params),
        "kinds": queries.kinds_for(request.user),
        "filter": _filter(request.GET),
        "is_narrowed": any(params[name] for name in params.keys() - {"sort", "after", "before"}),
        "choices": {} if request.htmx else _choices(request.user),
    }
    return render(request, template, context)


def _carried(params: dict[str, str]) -> list[tuple[str, str]]:
    """What a report asked for and the filter form has no field for."""
    paging = {"after", "before"}
    return [(name, value) for name, value in params.items() if name not in SHOWN | paging]


def _filter(params: QueryDict) -> str:
    """Which leads are listed, without which page of them is shown."""
    kept = params.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    return kept.urlencode()


def _choices(user: User) -> dict[str, list[tuple[str, str]]]:
    return {
        "stage": queries.stage_choices(),
        "owner": OWNERS,
        "grade": GRADES,
        "source": queries.listed_sources(),
        "campaign": list(Campaign.objects.order_by("name").values_list("key", "name")),
        "product": queries.product_choices(),
        "sort": [(key, f"Sort: {order.label.lower()}") for key, order in queries.ORDERS.items()],
    }
