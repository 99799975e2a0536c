"""Sentences of conditions, and what is said about those that do not fit."""

from datetime import UTC, datetime
from typing import Any

import pytest

from content.models import Product
from leadflow.core.errors import Invalid
from leads import queries as leads
from leads.models import Campaign, Stage
from leads.queries.segments import read_condition
from tests.factories import people

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _things() -> None:
    Product.objects.create(key="pump", name="Pump")
    Product.objects.create(key="old", name="Old pump", is_active=False)
    Campaign.objects.create(key="expo", name="Water Expo", kind=Campaign.Kind.TRADE_SHOW)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"field": "created", "op": "last_days", "value": 30}, "was created in the last 30 days"),
        ({"field": "created", "op": "last_days", "value": 1}, "was created in the last day"),
        ({"field": "created", "op": "before", "value": "2026-03-01"}, "was created before 1 March 2026"),
        ({"field": "last_activity", "op": "older_days", "value": 90}, "was last active more than 90 days ago"),
        ({"field": "last_activity", "op": "unknown"}, "was never active"),
        ({"field": "stage_since", "op": "older_days", "value": 14}, "entered the stage more than 14 days ago"),
        ({"field": "event_starts", "op": "next_days", "value": 3}, "has an event in the next 3 days"),
        ({"field": "won", "op": "unknown"}, "has never bought from us"),
        ({"field": "open_amount", "op": "gte", "value": 20000}, "expected amount is at least 20,000"),
        ({"field": "open_opportunity", "op": "no"}, "has no open opportunity"),
        ({"field": "owner", "op": "unknown"}, "belongs to nobody"),
        ({"field": "consent_marketing", "op": "yes"}, "wants marketing messages"),
        ({"field": "withdrew_marketing", "op": "yes"}, "no longer wants marketing messages"),
        ({"field": "product", "op": "none", "value": ["pump", "old"]},
         "product of interest includes none of Pump, Old pump"),
        ({"field": "registered", "op": "has", "value": "expo"}, "has registered for Water Expo"),
        ({"field": "attended", "op": "unknown"}, "was never seen at an event"),
        ({"field": "visited", "op": "has", "value": "expo"}, "visited us through Water Expo"),
        ({"field": "attribute.shoe_size", "op": "gt", "value": 44}, "shoe size is more than 44"),
        ({"field": "activities", "op": "at_least", "value": 1, "kinds": ["download"], "product": ["pump"]},
         "downloaded something about “Pump”"),
        ({"field": "activities", "op": "at_most", "value": 0, "days": 30}, "never did something in the last 30 days"),
        ({"field": "activities", "op": "exactly", "value": 2, "kinds": ["form"], "campaign": "expo"},
         "sent a form exactly twice through the campaign “Water Expo”"),
        ({"field": "stage", "op": "eq", "value": "gone"}, "stage is gone"),
        ({"field": "shoe_size", "op": "eq", "value": 44}, "something unknown: “shoe_size” eq 44"),
        ({"field": "score", "op": "eq", "value": "many"}, "score is many"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_people_write(condition: dict[str, Any], sentence: str) -> None:
    assert leads.describe(condition) == sentence


def test_what_was_retired_stays_valid_and_readable() -> None:
    Stage.objects.filter(key="sql").update(retired_at=AT)
    condition = {"field": "stage", "op": "eq", "value": "sql"}

    leads.check_choices(condition)

    assert leads.describe(condition) == "stage is Sales qualified"


def test_a_long_list_is_cut_short() -> None:
    condition = {"field": "grade", "op": "in", "value": [f"{a}{b}" for a in "ABCD" for b in "123"]}

    assert leads.describe(condition).endswith("C1, C2, 4 others")


@pytest.mark.parametrize(
    ("condition", "message", "path"),
    [
        ({"all": [{"field": "score", "op": "gte", "value": 1}, {"any": [{"field": "x", "op": "eq"}]}]},
         "know no field “x”", "all.1.any.0"),
        ({"not": {"field": "score", "op": "gte", "value": float("nan")}}, "compared with a number", "not"),
        ({"field": "created", "op": "last_days", "value": 0}, "whole number from 1", ""),
        ({"field": "created", "op": "last_days", "value": 2.5}, "whole number from 1", ""),
        ({"field": "created", "op": "before", "value": "31.3.2026"}, "a day like 2026-03-31", ""),
        ({"field": "created", "op": "before", "value": "20260331"}, "a day like 2026-03-31", ""),
        ({"field": "created", "op": "unknown"}, "cannot be tested by “unknown”", ""),
        ({"field": "owner", "op": "eq", "value": "me"}, "cannot be “me”", ""),
        ({"field": "job_title", "op": "contains", "value": "a\x00b"}, "characters that are none", ""),
        ({"field": "job_title", "op": "contains", "value": "a\ud800"}, "characters that are none", ""),
        ({"field": "job_title", "op": "contains", "value": "a" * 201}, "200 characters", ""),
        ({"field": "country", "op": "in", "value": ["DE"] * 501}, "500 values", ""),
        ({"field": "activities", "op": "at_least", "value": -1}, "whole number from 0", ""),
        ({"field": "activities", "op": "at_least", "value": 1, "days": "ever"}, "whole number from 1", ""),
        ({"field": "activities", "op": "at_least", "value": 1, "title": ["a", "b"]}, "takes one text", ""),
        ({"all": [{"all": []}] * 3 + [{"field": "score", "op": "gte", "value": 1}] * 201}, "200 questions", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_the_way_to_it(
    condition: Any, message: str, path: str
) -> None:
    with pytest.raises(leads.Misfit, match=message) as caught:
        leads.compile_condition(condition, at=AT)

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("condition", "message", "path"),
    [
        ({"any": [{"field": "product", "op": "has", "value": "pmup"}]}, "There is no product", "any.0"),
        ({"field": "stage", "op": "in", "value": []}, "needs something to compare with", ""),
        ({"all": [], "any": []}, "says nothing here; leave", ""),
        ({"not": {"field": "score", "op": "gte", "value": 1, "days": 3}}, "“days” says nothing", "not"),
        ({"field": "activities", "op": "at_least", "value": 1, "asset": ["x"]}, "There is no content", ""),
    ],
)  # fmt: skip
def test_what_is_written_anew_must_name_what_there_is(
    condition: Any, message: str, path: str
) -> None:
    leads.compile_condition(condition, at=AT)  # what was written before stays valid

    with pytest.raises(leads.Misfit, match=message) as caught:
        leads.check_choices(condition)

    assert caught.value.path == path


def test_a_page_of_sentences_asks_for_each_list_of_names_once(
    django_assert_num_queries: Any,
) -> None:
    condition = {"field": "product", "op": "has", "value": "pump"}
    words = leads.Vocabulary()

    with django_assert_num_queries(1):
        for _ in range(50):
            leads.describe({"all": [condition, condition]}, words=words)


def test_a_list_is_narrowed_by_a_condition_or_by_a_segment(marketer: Any) -> None:
    from leads import services
    from leads.models import Lead

    ada, _ = people.inquiry(at=AT, job_title="Buyer"), people.inquiry(at=AT)
    condition = {"field": "job_title", "op": "eq", "value": "buyer"}
    segment = services.create_segment(name="Buyers", condition=condition, by=marketer, at=AT)
    services.fill_segments(at=AT)

    for text in (leads.write_condition(condition), segment.key):
        assert [one.pk for one in leads.narrow_by_condition(Lead.objects.all(), text)] == [ada.pk]
    assert leads.where_words(segment.key) == "in the segment “Buyers”"
    assert leads.where_words(leads.write_condition(condition)) == "job title is buyer"


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"all":', "{" * 2_000, '{"field":"x","op":"eq"}', "nobody"]
)
def test_a_filter_that_makes_no_sense_is_refused(text: str) -> None:
    from leads.models import Lead

    with pytest.raises(Invalid):
        leads.narrow_by_condition(Lead.objects.all(), text)


def test_a_condition_in_an_address_is_read_back() -> None:
    condition = {"not": {"field": "job_title", "op": "contains", "value": "ä “x”"}}

    assert read_condition(leads.write_condition(condition)) == condition


def test_counting_gives_up_in_time(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.models import Func, Q
    from django.db.models.fields import BooleanField

    from leads.queries import segments

    people.inquiry(at=AT)
    slow = Func(1, template="(pg_sleep(%(expressions)s) IS NOT NULL)", output_field=BooleanField())
    monkeypatch.setattr(segments, "PATIENCE_MS", 50)
    monkeypatch.setattr(segments, "compile_condition", lambda *a, **k: Q(slow))

    found = leads.preview({"all": []}, user=manager, at=AT)

    assert found.label == "many"
    assert leads.matching({"all": []}).count() == 1  # the connection goes on
