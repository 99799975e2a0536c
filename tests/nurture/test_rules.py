"""The pure rules: when a step is due, and which content a lead gets."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.engine.slots import SlotSpec, choose
from nurture.engine.timing import MORNING, due_at, retry_after

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
)


@given(moments, st.integers(0, 400), st.sampled_from(ZONES))
def test_a_step_is_due_on_its_calendar_day_in_the_morning(
    moment: datetime, day: int, zone: str
) -> None:
    due = due_at(moment, day, zone=zone)
    local, start = due.astimezone(ZoneInfo(zone)), moment.astimezone(ZoneInfo(zone))
    assert due >= moment
    assert local.date() == start.date() + timedelta(days=day)
    assert day == 0 or local.time() <= max(MORNING, local.replace(hour=9).time())


@given(moments, st.integers(0, 100), st.integers(0, 100), st.sampled_from(ZONES))
def test_an_earlier_day_is_never_due_later(moment: datetime, a: int, b: int, zone: str) -> None:
    assert due_at(moment, min(a, b), zone=zone) <= due_at(moment, max(a, b), zone=zone)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(
    moment=moments,
    day=st.integers(0, 400),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin"]),
)
def test_the_database_counts_days_as_the_rule_does(moment: datetime, day: int, zone: str) -> None:
    from nurture.services.scheduling import _DUE

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_DUE} FROM (SELECT %(moment)s::timestamptz AS counts_from) AS enrollment,"
            " (SELECT %(day)s::int AS day) AS step",
            {"moment": moment, "day": day, "zone": zone, "morning": MORNING},
        )
        found = cursor.fetchone()[0]
    local = found.astimezone(ZoneInfo(zone))
    is_odd_hour = (
        local.hour in {1, 2, 3} and local.utcoffset() != (local - timedelta(hours=3)).utcoffset()
    )
    assert is_odd_hour or found == due_at(moment, day, zone=zone)


def test_waiting_grows_and_ends() -> None:
    waits = [retry_after(n) for n in range(1, 9)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(waits[:-1])


A, B = 1, 2
DEFAULT = SlotSpec(1, asset_id=10, asset_version=1)
FOR_A = SlotSpec(2, asset_id=20, asset_version=1, product_id=A)
FOR_B = SlotSpec(3, asset_id=30, asset_version=1, product_id=B)
FOR_USERS = SlotSpec(4, asset_id=40, asset_version=1, persona="technical_user")
FOR_A_USERS = SlotSpec(5, asset_id=50, asset_version=1, product_id=A, persona="technical_user")
ABOUT_B = SlotSpec(6, asset_id=60, asset_version=1, about=frozenset({B}))
ALL = [DEFAULT, FOR_A, FOR_B, FOR_USERS, FOR_A_USERS]


@pytest.mark.parametrize(
    ("slots", "products", "persona", "wanted"),
    [
        (ALL, [A], "technical_user", FOR_A_USERS),
        (ALL, [A], "influencer", FOR_A),
        (ALL, [], "technical_user", FOR_USERS),
        (ALL, [], "unknown", DEFAULT),
        (ALL, [B], "technical_user", FOR_B),
        ([FOR_B], [A], "unknown", None),
        ([ABOUT_B], [A], "unknown", None),
        ([ABOUT_B], [], "unknown", ABOUT_B),
        ([], [A], "unknown", None),
    ],
)
def test_the_most_specific_content_wins(
    slots: list[SlotSpec], products: list[int], persona: str, wanted: SlotSpec | None
) -> None:
    assert choose(slots, products=products, persona=persona).slot == wanted


slots = st.builds(
    SlotSpec,
    id=st.integers(1, 99),
    asset_id=st.integers(1, 5),
    asset_version=st.just(1),
    product_id=st.none() | st.integers(1, 3),
    persona=st.sampled_from(["", "influencer", "technical_user"]),
    about=st.frozensets(st.integers(1, 3)),
)


@given(st.lists(slots), st.sets(st.integers(1, 3), min_size=1), st.sets(st.integers(1, 5)))
def test_a_lead_interested_in_one_product_never_gets_another(
    specs: list[SlotSpec], products: set[int], had: set[int]
) -> None:
    chosen = choose(
        specs, products=products, persona="influencer", had={(asset, 1) for asset in had}
    ).slot
    if chosen is not None:
        assert chosen.product_id in {None, *products}
        assert not chosen.about or chosen.about & products
        assert chosen.asset_id not in had
