"""Paging by key: every row once, in order, forwards and backwards."""

import pytest
from django.http import QueryDict

from leadflow.core.models import Calendar
from leadflow.core.tables import Keyset

KEYS = ("-name", "-id")


@pytest.fixture
def names(db):
    Calendar.objects.all().delete()
    # Equal names: only the second key tells these rows apart.
    rows = [Calendar(key=f"c{i}", name=f"Team {i // 3}") for i in range(10)]
    Calendar.objects.bulk_create(rows)
    return list(Calendar.objects.order_by(*KEYS).values_list("key", flat=True))


def page(query="", **options):
    params = QueryDict(query.removeprefix("?"))
    return Keyset(Calendar.objects.all(), KEYS, params, size=4, **options).page()


def keys_of(rows):
    return [row.key for row in rows]


def test_the_pages_together_are_the_list(names):
    first = page()
    second = page(first.next_url)
    third = page(second.next_url)
    assert [*keys_of(first), *keys_of(second), *keys_of(third)] == names
    assert third.next_url == ""


def test_the_way_back_shows_the_same_rows(names):
    second = page(page().next_url)
    back = page(second.previous_url)
    assert keys_of(back) == names[:4]
    assert (back.previous_url, bool(back.next_url)) == ("", True)


def test_other_parameters_stay_in_the_address(names):
    assert "q=ada" in page("q=ada").next_url


@pytest.mark.parametrize("cursor", ["after=nonsense", "after=W10=", "before=WzEsMiwzXQ=="])
def test_a_cursor_without_sense_gives_the_first_page(names, cursor):
    assert keys_of(page(cursor)) in (names[:4], names[-4:])


def test_the_comparison_is_one_row_value(names, django_assert_num_queries):
    following = page().next_url
    with django_assert_num_queries(1) as queries:
        page(following)
    assert "<" in queries.captured_queries[0]["sql"]
    assert " OR " not in queries.captured_queries[0]["sql"]


def test_the_count_stops_at_the_cap(names):
    assert page().count_label == "10"
    assert page(cap=5).count_label == "5+"


def test_keys_of_mixed_direction_are_refused():
    with pytest.raises(ValueError, match="same direction"):
        Keyset(Calendar.objects.all(), ("-name", "id"), QueryDict())
