"""Geometry of the charts: shares, scales and places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.core import charts


def test_funnel_conversion_is_the_share_that_goes_on():
    funnel = charts.funnel([charts.Step("MQL", 200), charts.Step("SAL", 50), charts.Step("SQL", 0)])
    assert [bar.conversion for bar in funnel.bars] == [0.25, 0.0, None]
    assert [bar.width for bar in funnel.bars] == [100, 25, 0]


def test_an_empty_funnel_draws_nothing():
    assert charts.funnel([]).bars == ()


@pytest.mark.parametrize(
    ("value", "target", "high", "tone"),
    [
        (0.65, 0.6, 0.7, "good"),
        (0.52, 0.6, 0.63, "warn"),
        (0.41, 0.8, 0.49, "bad"),
        (None, 0.6, None, "accent"),
        (0.5, None, None, "accent"),
    ],
)
def test_a_gauge_is_bad_only_when_its_interval_misses_the_target(value, target, high, tone):
    assert charts.gauge(value, target, 0.3, high).tone == tone


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40))
def test_bars_stay_inside_the_plot(values):
    points = [charts.Point(str(i), value) for i, value in enumerate(values)]
    plot = charts.bars([charts.Series("Leads", points)])
    assert all(0 <= mark.y <= plot.height and mark.height >= 0 for mark in plot.marks)
    assert all(mark.x >= 0 and mark.x + mark.width <= 100.01 for mark in plot.marks)


def test_an_axis_ends_at_a_round_number_above_the_greatest_value():
    plot = charts.bars([charts.Series("Leads", [charts.Point("Jan", 51)])])
    assert [tick.label for tick in plot.y_ticks] == ["0", "20", "40", "60"]


def test_an_axis_of_shares_bears_their_sign():
    plot = charts.line([charts.Series("Accepted", [charts.Point("55", 81.5)])], unit="%")
    assert [tick.label for tick in plot.y_ticks] == ["0 %", "25 %", "50 %", "75 %", "100 %"]


def test_a_missing_value_leaves_a_gap_in_the_line():
    points = [charts.Point("a", 1), charts.Point("b", None), charts.Point("c", 1)]
    path = charts.line([charts.Series("Days", points)]).paths[0]
    assert path.d.count("M") == 2
    assert path.area == ""


def test_a_penalty_goes_left_of_zero():
    score = charts.score_breakdown([charts.Part("Webinar", 30), charts.Part("Free mail", -10)])
    gain, loss = score.bars
    assert (score.zero, gain.x, gain.width, loss.x, loss.width) == (25, 25, 75, 0, 25)
    assert score.total == 20


def test_lanes_keep_the_order_in_which_channels_come():
    steps = [charts.LaneStep(7, "Call", "Call"), charts.LaneStep(0, "E-mail", "Welcome")]
    lanes = charts.timeline_lanes(steps)
    assert [tick.label for tick in lanes.lanes] == ["Call", "E-mail"]
    assert [mark.label for mark in lanes.marks] == ["Welcome", "Call"]


def test_a_cohort_cell_that_is_not_due_stays_blank():
    row = charts.heat_row("Jan", [charts.Point("Week 1", 0.5), charts.Point("Week 2", None)])
    assert [(cell.value, cell.level) for cell in row.cells] == [(0.5, 4), (None, 0)]


def test_a_sparkline_says_where_it_begins_and_ends():
    assert charts.sparkline([1, 4, None, 9]).description == "from 1 to 9"
