"""Figures, times and attributes as pages write them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from leadflow.core.templatetags import leadflow as tags

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (11_520, "3 h 12 min"),
        (7_200, "2 h"),
        (187_200, "2 d 4 h"),
        (-7_200, "−2 h"),
        (timedelta(minutes=5), "5 min"),
        (None, "–"),
    ],
)
def test_duration_is_said_in_at_most_two_units(seconds, words):
    assert tags.duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.10525, "10.5 %"), (1, "100 %"), (0, "0 %"), (0.6, "60 %"), (None, "–")]
)
def test_percent_keeps_one_digit_when_it_says_something(share, words):
    assert tags.percent(share) == words


@pytest.mark.parametrize(
    ("value", "words"), [(1_234_567, "1,234,567"), (-12.5, "−12.5"), (0, "0"), (None, "–")]
)
def test_number_separates_thousands(value, words):
    assert tags.number(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(48_000, "€48,000"), (1234.5, "€1,234.50"), (-3, "−€3"), (None, "–")]
)
def test_money_shows_cents_only_when_there_are_any(value, words):
    assert tags.money(value) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=-3), "in 3 h"),
        (timedelta(days=4), "4 d ago"),
        (timedelta(days=20), "11 Feb"),
        (timedelta(days=400), "27 Jan 2025"),
    ],
)
def test_relative_time_turns_into_a_date_after_a_week(ago, words):
    assert tags.relative(NOW - ago, NOW) == words


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(hours=3, minutes=12), "3 h 12 min left", "neutral"),
        (timedelta(minutes=36), "36 min left", "warn"),
        (timedelta(hours=-2), "2 h late", "bad"),
    ],
)
def test_countdown_grows_urgent(left, words, tone):
    assert tags.countdown(NOW + left, NOW) == (words, tone)


def test_query_changes_and_removes_parameters():
    request = RequestFactory().get("/", {"stage": "mql", "page": "3", "tag": ["a", "b"]})
    template = Template("{% query page=None stage='sal' %}")
    assert template.render(Context({"request": request})) == "?stage=sal&amp;tag=a&amp;tag=b"


def test_a_passed_attribute_cannot_end_itself():
    written = tags.attributes({"data-x": '"><script>', "hidden": True, "disabled": False})
    assert written == 'data-x="&quot;&gt;&lt;script&gt;" hidden'


def test_an_unknown_icon_draws_a_dot():
    assert "<svg" in tags.icon("no-such-icon")
