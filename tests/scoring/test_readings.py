"""What else the points tell: interest, companies, page patterns."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadflow.core.errors import Invalid
from leads.models import Company, Lead, Territory
from leads.services import write_scores
from scoring import queries
from scoring.engine.addresses import normalize_pattern
from tests.factories import people
from tests.scoring import oracle
from tests.scoring.worlds import AT, World


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", ""),
        ("   ", ""),
        ("/Pricing/", "/pricing"),
        ("https://www.Example.com/shop/*", "www.example.com/shop/*"),
        ("www.example.com", "www.example.com/"),
        ("https://www.example.com/", "www.example.com/"),
        ("/", "/"),
        ("*/contact?from=mail#top", "*/contact"),
        ("/a**b", "/a*b"),
        ("*.example.com*", "*.example.com*"),
    ],
)
def test_patterns_are_kept_in_one_form(said, kept) -> None:
    assert normalize_pattern(said) == kept
    assert normalize_pattern(kept) == kept


@pytest.mark.parametrize("said", ["*", "**", "/*", "*/*", "?x=1", "#top", "/a b", "/" + "a" * 400])
def test_a_pattern_that_names_no_page_is_refused(said) -> None:
    with pytest.raises(Invalid) as refused:
        normalize_pattern(said)
    assert refused.value.field == "url_pattern"


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("/pricing", "https://www.example.com/Pricing/?utm=1", True),
        ("/pricing", "https://www.example.com/en/pricing", False),
        ("*/pricing", "https://www.example.com/en/pricing", True),
        ("/pricing*", "https://www.example.com/pricing-2026", True),
        ("/", "https://www.example.com", True),
        ("/", "https://www.example.com/about", False),
        ("www.example.com/", "http://www.example.com/?a=b", True),
        ("/100%", "https://example.com/100%25", False),
        ("/a_b", "https://example.com/axb", False),
        ("/a\\b*", "https://example.com/a\\bc", True),
    ],
)
@pytest.mark.django_db
def test_patterns_match_pages_in_the_database_as_people_read_them(pattern, url, matches) -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "page_view", "hours": 1, "url": url}])
    rules = world.rule_set(
        [(None, None)], [{"kind": "page_view", "points": 5, "url_pattern": pattern}]
    )

    (score,) = queries.compute_scores(
        queries.Scope(at=AT, lead_ids=[lead.pk]), plan=queries.load_plan(rules)
    )

    assert score.engagement == (5 if matches else 0)
    assert oracle.matches_page(url, pattern) is matches


RULES = {
    "asset": {"asset": 0},
    "kind of asset": {"asset_kind": "page"},
    "product": {"product": 1},
    "kind and product": {"asset_kind": "page", "product": 0},
    "campaign": {"campaign": 0},
    "form": {"form": 1},
    "page": {"url_pattern": "/pricing"},
    "page and product": {"url_pattern": "/pricing", "product": 1},
    "page and asset": {"url_pattern": "/pricing", "asset": 0},
}
DONE = {
    "nothing": {},
    "a page about product 0": {"asset": 0},
    "a paper about both": {"asset": 1},
    "campaign about product 0": {"campaign": 0},
    "campaign about nothing": {"campaign": 1},
    "form about nothing": {"form": 0},
    "form about product 1": {"form": 1},
    "the form by campaign 0": {"form": 1, "campaign": 0},
    "prices": {"url": "https://example.com/pricing"},
    "prices in the paper": {"url": "https://example.com/pricing", "asset": 1},
    "prices in the page": {"url": "https://example.com/pricing", "asset": 0},
}
MATCHES = {
    "asset": {"a page about product 0", "prices in the page"},
    "kind of asset": {"a page about product 0", "prices in the page"},
    "product": {"a paper about both", "prices in the paper", "form about product 1"},
    "kind and product": {"a page about product 0", "prices in the page"},
    "campaign": {"campaign about product 0", "the form by campaign 0"},
    "form": {"form about product 1", "the form by campaign 0"},
    "page": {"prices", "prices in the paper", "prices in the page"},
    "page and product": {"prices in the paper"},
    "page and asset": {"prices in the page"},
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.django_db
def test_a_rule_is_about_everything_it_names(rule) -> None:
    world = World()
    rules = world.rule_set([(None, None)], [{"kind": "form", "points": 5} | RULES[rule]])
    rows = people.inquiries(len(DONE), at=AT)
    done = {
        lead.pk: (what, world.record(lead, [{"kind": "form", "hours": 1} | DONE[what]]))
        for lead, what in zip(rows, DONE, strict=True)
    }

    scores = queries.compute_scores(
        queries.Scope(at=AT, lead_ids=done), plan=queries.load_plan(rules)
    )

    assert {done[one.lead_id][0] for one in scores if one.engagement == 5} == MATCHES[rule]
    assert {one.engagement for one in scores} == {0, 5}
    for one in scores:
        assert one.exact == oracle.engagement(done[one.lead_id][1], rules, AT)


@pytest.mark.django_db
def test_interest_of_many_takes_as_many_queries_as_of_one() -> None:
    world = World()
    rows = people.inquiries(30, at=AT)
    for lead in rows:
        world.record(lead, [{"kind": "download", "hours": 1, "asset": 1}])
    world.rule_set([(30, None)], [{"kind": "download", "points": 8}])

    def queries_for(some: list[Lead]) -> int:
        with CaptureQueriesContext(connection) as made:
            found = queries.interests([lead.pk for lead in some], at=AT)
        assert {pk: [one.product for one in several] for pk, several in found.items()} == {
            lead.pk: ["Product 0", "Product 1"] for lead in some
        }
        return len(made)

    assert queries_for(rows) == queries_for(rows[:1])
    assert queries.interests([], at=AT) == {}


@pytest.fixture
def company(db: None) -> Company:
    """Seven people: 60, 50, 40, 30, 20, 10 of engagement and one below zero."""
    company = Company.objects.create(name="Acme")
    rows = people.inquiries(7, at=AT, company_id=company.pk)
    figures = [(60, 5), (50, 40), (40, 0), (30, 0), (20, 0), (10, 0), (-20, 0)]
    write_scores(
        scores=[
            (lead.pk, points, fit, "C3") for lead, (points, fit) in zip(rows, figures, strict=True)
        ],
        at=AT,
    )
    return company


def test_a_company_scores_by_its_five_most_engaged_people(company, marketer) -> None:
    (score,) = queries.company_scores([company.pk], user=marketer).values()
    assert (score.engagement, score.fit, score.score) == (200, 40, 240)
    assert (score.people, score.engaged) == (7, 6)

    Lead.objects.filter(engagement__gte=50).update(engagement=0, fit=0)
    (score,) = queries.company_scores([company.pk], user=marketer).values()
    assert (score.engagement, score.fit, score.engaged) == (40 + 30 + 20 + 10, 0, 4)


def test_a_company_scores_by_the_people_the_reader_may_see(company, rep) -> None:
    elsewhere = Territory.objects.create(key="north", name="North")
    Lead.objects.filter(engagement__lt=60).update(territory=elsewhere)
    (score,) = queries.company_scores([company.pk], user=rep).values()
    assert (score.engagement, score.people) == (60, 1)


def test_many_companies_are_scored_in_one_query(
    company, marketer, django_assert_num_queries
) -> None:
    more = [Company.objects.create(name=f"Company {n}").pk for n in range(30)]
    with django_assert_num_queries(1):
        found = queries.company_scores([company.pk, *more], user=marketer)
    assert list(found) == [company.pk]
    assert queries.company_scores([], user=marketer) == {}


def test_the_score_in_a_month_is_less_for_what_fades_alone(hot_lead, at) -> None:
    lead = hot_lead()
    said = queries.explain(lead, at)
    week, month = said.ahead
    assert (said.engagement, week.engagement, month.engagement) == (34, 30, 19)
    assert {said.fit, week.fit, month.fit} == {30}
    assert said.at + timedelta(days=30) == at + timedelta(days=month.days)
