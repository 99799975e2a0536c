"""Pages of the list: the same whichever way they are found, forwards and backwards, to the end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from content.models import Product
from leadflow.core.models import Role, User
from leads import queries
from leads import services as leads
from leads.engine.tokens import search_query
from leads.models import Campaign, Lead, LeadTokens, Segment, SegmentMember, Tag, Territory
from leads.queries import walks
from leads.views.lists import LeadPages
from tests.factories import people

pytestmark = pytest.mark.django_db
SORTS = list(queries.ORDERS)
FILTERS: list[dict[str, str]] = [
    {},
    {"q": "ann"},
    {"q": "ann smi"},
    {"q": "smith 030 0001"},
    {"q": "nobody-there"},
    {"stage": "mql"},
    {"stage": "mql,inquiry", "q": "smith"},
    {"stage": "mql", "q": "ann"},
    {"grade": "A"},
    {"grade": "C3", "q": "nobody-there"},
    {"grade": "C3", "source": "web"},
    {"score_from": "10", "score_to": "30"},
    {"source": "__none"},
    {"source": "web\nlist"},
    {"campaign": "expo"},
    {"product": "flow", "country": "AT"},
    {"product": "__none"},
    {"persona": "influencer"},
    {"country": "DE"},
    {"territory": "north"},
    {"territory": "__none", "q": "ann"},
    {"tag": "hot"},
    {"segment": "some"},
    {"phone": "no"},
    {"email": "yes", "owner": "nobody"},
    {"from": "2026-02-01", "to": "2026-02-20"},
    {"active_from": "2026-02-10", "active_to": "2026-02-28"},
    {"quiet": "5"},
    {"since_from": "2026-02-20"},
    {"company": "Acme"},
    {"where": '{"field":"country","op":"eq","value":"DE"}'},
]
# Bounds under which one way after the other has to find the page
BOUNDS: dict[str, dict[str, float]] = {
    "met at once": {},
    "gathered": {"STRETCH": 1, "LOOKED_UP": 1, "LOOKED_UP_LONGER": 1, "TOKENS": 1, "FREQUENT": 2},
    "gathered by words": {"LOOKED_UP": 1, "TOKENS": 1, "GATHERED": 0, "FREQUENT": 2},
    "walked to the end": {
        "STRETCH": 1,
        "LOOKED_UP": 1,
        "LOOKED_UP_LONGER": 2,
        "TOKENS": 1,
        "GATHERED": 0,
        "GATHERED_LONGER": 0,
        "GATHERED_IN_INDEX": 0,
        "FREQUENT": 0,
    },
}


@pytest.fixture
def crowd(at: datetime, rep: User, campaign: Campaign, product: Product) -> None:
    """Ninety leads that differ in everything the list knows."""
    draw = Random(7)
    north = Territory.objects.create(key="north", name="North")
    south = Territory.objects.create(key="south", name="South")
    rep.territories.add(north)
    rows = leads.create_leads(
        people=[
            leads.NewLead(
                at=at - timedelta(hours=draw.randrange(1_000)),
                facts={
                    "first_name": draw.choice(["Ann", "Anna", "Bob"]),
                    "last_name": draw.choice(["Smith", "Smithers", "Łovelace"]),
                    "email": draw.choice(["", f"p{n}@example.com"]),
                    "phone": draw.choice(["", f"+4930{n:07d}"]),
                    "source": draw.choice(["web", "list", None]),
                    "country": draw.choice(["DE", "AT"]),
                    "persona": draw.choice(["influencer", "unknown"]),
                    "campaign_id": draw.choice([campaign.pk, None]),
                    "owner_id": draw.choice([rep.pk, None]),
                    "territory_id": draw.choice([north.pk, south.pk, None]),
                },
                company_name=draw.choice(["Acme", ""]),
            )
            for n in range(90)
        ],
        at=at,
    )
    ids = [row.pk for row in rows]
    leads.offer(lead_ids=ids[::3], at=at)
    grades = [letter + digit for letter in "ABC" for digit in "123"]
    scores = [(pk, draw.randrange(20), draw.randrange(20), draw.choice(grades)) for pk in ids]
    leads.write_scores(scores=scores, at=at)
    for pk in ids[::2]:
        Lead.objects.filter(pk=pk).update(
            last_activity_at=at - timedelta(hours=draw.randrange(900))
        )
    product.leads.add(*ids[::4])
    Tag.objects.create(key="hot", name="Hot").leads.add(*ids[::5])
    some = Segment.objects.create(
        key="some",
        name="Some",
        condition={},
        followed_to=at,
        as_of=at,
        created_at=at,
        changed_at=at,
    )
    SegmentMember.objects.bulk_create(
        SegmentMember(segment=some, lead_id=pk, since=at) for pk in ids[::7]
    )


@pytest.fixture(params=BOUNDS)
def _bounded(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BOUNDS[request.param].items():
        monkeypatch.setattr(walks, name, value)


def _expected(user: User, params: dict[str, str]) -> list[int]:
    rows = queries.list_leads(user=user, params=params)
    return [lead.pk for lead in rows.order_by(*queries.sort_keys(params))]


def _pages(user: User, params: dict[str, str], *, size: int = 7) -> Iterator[Any]:
    """Pages from the first to the last."""
    said = QueryDict()
    for _ in range(30):
        pages = LeadPages(queries.select_leads(user=user, params=params), params, said)
        pages.size = size
        page = pages.page()
        yield page
        if not page.next_url:
            return
        said = QueryDict(page.next_url.removeprefix("?"))


@pytest.mark.parametrize("params", FILTERS, ids=str)
@pytest.mark.usefixtures("crowd", "_bounded")
def test_each_way_shows_the_same_leads_in_the_same_order(
    params: dict[str, str], marketer: User, rep: User
) -> None:
    for number, user in enumerate((marketer, rep, people.user(Role.CARE))):
        asked = params | {"sort": SORTS[(number + len(str(params))) % len(SORTS)]}

        shown = [lead.pk for page in _pages(user, asked) for lead in page]

        assert shown == _expected(user, asked), (user.role, asked)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.usefixtures("crowd")
def test_the_way_back_shows_the_pages_again(sort: str, marketer: User) -> None:
    params = {"sort": sort}
    pages = list(_pages(marketer, params))
    selection = queries.select_leads(user=marketer, params=params)
    said = QueryDict(pages[5].previous_url.removeprefix("?"))

    back = LeadPages(selection, params, said)
    back.size = 7

    assert [one.pk for one in back.page()] == [one.pk for one in pages[4]]


@pytest.mark.usefixtures("crowd")
def test_a_total_that_came_to_light_is_right(marketer: User) -> None:
    params = {"country": "AT", "grade": "A"}
    selection = queries.select_leads(user=marketer, params=params)

    found = queries.find_page(
        selection, queries.order_of(params), position=None, backwards=False, most=500
    )

    assert found.total == len(_expected(marketer, params)) == len(found.ids)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("score", "lead_walk_score"),
        ("oldest", "lead_walk_newest"),
        ("activity", "lead_walk_activity"),
        ("waiting", "lead_walk_stage"),
    ],
)
def test_an_order_is_walked_along_its_index_alone(sort: str, index: str, marketer: User) -> None:
    selection = queries.select_leads(
        user=marketer, params={"country": "AT", "source": "web", "quiet": "3"}
    )
    with CaptureQueriesContext(connection) as seen:
        queries.find_page(selection, queries.ORDERS[sort], position=None, backwards=False, most=5)
    walk = next(one["sql"] for one in seen if "UNION ALL" in one["sql"])

    plan = _explain(walk, without=("indexscan", "bitmapscan", "sort"))

    assert (
        f"Index Only Scan{' Backward' if sort in {'oldest', 'waiting'} else ''} using {index}"
        in plan
    )
    assert "Sort  (" not in plan


@pytest.mark.usefixtures("crowd")
def test_a_search_reads_the_index_of_tokens() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert LeadTokens.objects.filter(tokens__holds=search_query("ann smi")).count() > 0

    assert "lead_tokens" in _explain(seen[-1]["sql"])


def _explain(statement: str, *, without: tuple[str, ...] = ()) -> str:
    """The plan where scanning a small table, and whatever else is named, is no choice."""
    with connection.cursor() as cursor:
        for way in ("seqscan", *without):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())
