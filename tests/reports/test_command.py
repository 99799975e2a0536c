"""`manage.py report`: what scripts read."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reports import queries

Enter = Callable[..., list[int]]
Act = Callable[..., None]

# A small cut of a real funnel that begins at MQL: source → MQL, customers
SOURCES: dict[str | None, tuple[int, int]] = {
    "organic_search": (23, 3),
    "unknown": (11, 2),
    "": (6, 1),
    None: (4, 0),
}


@pytest.fixture
def imported(enter: Enter, act: Act, at: datetime) -> None:
    """Leads that enter in MQL; some win from there, skipping the stages between."""
    for source, (offered, won) in SOURCES.items():
        act("win", enter(offered, source=source)[:won], on=at + timedelta(days=30))


def run(*args: str) -> Any:
    out = StringIO()
    call_command("report", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_funnel_by_source_reads_off_leads_customers_and_rate(imported: None) -> None:
    report = run("funnel", "--by", "source")

    assert [report[name] for name in ("report", "by", "from", "to")] == [
        "funnel",
        "source",
        None,
        None,
    ]
    assert report["overall"] == {"mql": 44, "customer": 6, "mql_to_customer_percent": 13.636}
    names = ("value", "label", "mql", "customer", "mql_to_customer_percent")
    assert [tuple(one[name] for name in names) for one in report["groups"]] == [
        ("organic_search", "organic search", 23, 3, 13.043),
        ("unknown", "unknown", 11, 2, 18.182),
        ("", "blank", 6, 1, 16.667),
        (None, "not recorded", 4, 0, 0.0),
    ]


def test_each_stage_of_the_json_has_the_same_fields(imported: None) -> None:
    report = run("funnel", "--by", "source")

    assert report["stages"][1] == {
        "key": "mql",
        "name": "Marketing qualified",
        "abbreviation": "MQL",
        "leads": 44,
        "from_previous_percent": 100.0,
        "from_first_percent": 100.0,
    }
    assert [stage["leads"] for stage in report["stages"]] == [44, 44, 6, 6, 6, 6]
    assert all(len(one["stages"]) == 6 for one in report["groups"])


def test_the_days_given_are_included(enter: Enter, at: datetime) -> None:
    enter(2, on=at)
    enter(1, on=at + timedelta(days=1))

    day = f"{at:%Y-%m-%d}"
    report = run("funnel", "--from", day, "--to", day)

    assert (report["from"], report["to"], report["overall"]["mql"]) == (day, day, 2)


def test_hand_offs_say_n_and_interval(imported: None) -> None:
    report = run("handoffs", "--by", "source")

    handoff = report["handoffs"][0]
    assert [handoff[name] for name in ("key", "n", "accepted", "pending")] == ["mql_sal", 6, 6, 38]
    assert handoff["acceptance_percent"] == 100.0
    assert handoff["interval_percent"] == [60.967, 100.0]
    assert handoff["gap_points"] == 0.0
    assert handoff["groups"][0]["value"] == "organic_search"


def test_sla_and_velocity_answer_too(imported: None) -> None:
    assert run("sla")["handoffs"][0]["respond_within_minutes"] == 1440
    times = {stage["key"]: stage["median_days"] for stage in run("velocity")["stages"]}
    assert times["mql"] == 30.0


@pytest.mark.parametrize("name", ["funnel", "handoffs", "leaks", "sla", "velocity"])
def test_an_empty_database_has_every_report(name: str, db: None) -> None:
    assert run(name)["report"] == name
    out = StringIO()
    call_command("report", name, stdout=out)
    assert out.getvalue().startswith(name.capitalize())


def test_without_json_the_columns_are_aligned(imported: None) -> None:
    out = StringIO()

    call_command("report", "funnel", "--by", "source", stdout=out)

    blocks = [block.splitlines() for block in out.getvalue().strip().split("\n\n")]
    assert blocks[0] == ["Funnel, the beginning to today"]
    head = "mql_to_customer_percent"
    assert [line.split()[-1] for line in blocks[-1]] == [head, "13.043", "18.182", "16.667", "0"]
    assert len({len(line) for line in blocks[-1]}) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["nonsense"],
            "no report “nonsense”. Choose one of: funnel, handoffs, leaks, sla, velocity.",
        ),
        (["funnel", "--by", "size"], "There is no “size” to split by."),
        (["handoffs", "--by", "persona"], "Choose one of: team, rep, source, campaign, product, "),
        (["velocity", "--by", "source"], "cannot be split"),
        (["leaks", "--from", "2026-01-01"], "shows this moment"),
        (["funnel", "--from", "March"], "--from March is no date; write it like 2026-01-31."),
        (["funnel", "--from", "2026-02-01", "--to", "2026-01-01"], "lies after"),
    ],
)
def test_what_does_not_fit_is_one_line_and_exit_code_2(
    args: list[str], said: str, db: None
) -> None:
    with pytest.raises(CommandError) as raised:
        call_command("report", *args, "--json")

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.returncode == 2


def test_the_help_names_every_dimension() -> None:
    from reports.management.commands.report import Command

    said = " ".join(Command().create_parser("manage.py", "report").format_help().split())
    assert all(by in said for by in [*queries.LEAD_DIMENSIONS, *queries.OFFER_DIMENSIONS])
