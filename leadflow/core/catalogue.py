"""Values for the live catalogue of components: believable, fixed, from no app."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from leadflow.core import charts
from leadflow.core.models import User

TONES = ("neutral", "accent", "good", "warn", "bad", "info")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SampleForm(forms.Form):
    """One field per widget kind."""

    name = forms.CharField(help_text="As it stands on the badge.")
    email = forms.EmailField(label="E-mail", required=False)
    persona = forms.ChoiceField(
        choices=[("", "Unknown"), ("dm", "Decision maker"), ("tu", "Technical user")]
    )
    products = forms.MultipleChoiceField(
        choices=[("pump", "Pumps"), ("valve", "Valves"), ("sensor", "Sensors")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    channel = forms.ChoiceField(
        choices=[("mail", "E-mail"), ("call", "Call"), ("letter", "Letter")],
        widget=forms.RadioSelect,
    )
    met_on = forms.DateField(widget=forms.DateInput({"type": "date"}), required=False)
    note = forms.CharField(widget=forms.Textarea({"rows": 3}), required=False)
    file = forms.FileField(required=False)
    agreed = forms.BooleanField(label="May be written to", help_text="Asked for at the stand.")


def samples(*, user: User, at: datetime) -> dict[str, Any]:
    """Everything the catalogue page shows."""
    return {
        "tones": TONES,
        "form": SampleForm(initial={"name": "Ada Moreau"}),
        "wrong_form": _wrong_form(),
        "stages": _stages(),
        "grades": ["A1", "A3", "B1", "B2", "C1", "C3", ""],
        "person": user,
        "now": at,
        "deadlines": [at + timedelta(hours=hours) for hours in (-26, -2, 0.6, 3.2, 50)],
        "times": [
            at - timedelta(minutes=minutes) for minutes in (0.2, 12, 190, 3000, 20_000, 700_000)
        ],
        "rows": _rows(at),
        "page": SimpleNamespace(next_url="?after=x", previous_url="", count_label="10,000+"),
        "options": [("mql", "MQL"), ("sal", "SAL"), ("sql", "SQL")],
        **_charts(),
    }


def _wrong_form() -> SampleForm:
    form = SampleForm({"name": "", "email": "ada@", "channel": "fax"})
    form.add_error(None, "A lead needs a name, an e-mail address or a phone number.")
    return form


def _stages() -> list[SimpleNamespace]:
    rows = (
        ("inquiry", "Inquiry", "INQ", "rests"),
        ("mql", "Marketing qualified", "MQL", "rests"),
        ("sal", "Sales accepted", "SAL", "rests"),
        ("customer", "Customer", "CUS", "won"),
        ("recycled", "Recycled", "REC", "detour"),
        ("lost", "Lost", "LOST", "detour"),
    )
    return [SimpleNamespace(key=k, name=n, abbreviation=a, kind=kind) for k, n, a, kind in rows]


def _rows(at: datetime) -> list[dict[str, Any]]:
    people = (
        ("Ada Moreau", "Nordwind Energie", "A1", 184, 1, 48_000, -2),
        ("Tomás Ferreira", "Atlas Robotics", "B1", 96, 2, 12_500, 0.6),
        ("Ingrid Solheim", "Fjord Marine AS", "A2", 88, 1, 7_200, 3),
        ("Kenji Watanabe", "Hoshino Precision", "C2", 31, 0, None, 26),
    )
    stages = _stages()
    return [
        {
            "name": name,
            "company": company,
            "grade": grade,
            "score": score,
            "stage": stages[stage],
            "value": value,
            "due": at + timedelta(hours=hours),
            "seen": at - timedelta(hours=3 * i + 1),
        }
        for i, (name, company, grade, score, stage, value, hours) in enumerate(people)
    ]


STEPS = (
    ("Inquiry", 12_480),
    ("MQL", 3_210),
    ("SAL", 2_104),
    ("SQL", 980),
    ("Opportunity", 412),
    ("Customer", 131),
)
WON = (12, 18, 9, 24, 31, 28, 35, 30, 42, 39, 51, 47)
LOST = (20, 17, 22, 19, 24, 21, 18, 26, 23, 20, 19, 22)


def _charts() -> dict[str, Any]:
    won, lost = _by_month("Won", WON), _by_month("Lost", LOST, "6")
    return {
        "funnel": charts.funnel([charts.Step(name, count, "#") for name, count in STEPS]),
        "gauges": [
            ("MQL → SAL", charts.gauge(0.655, 0.60, 0.61, 0.70), 2104),
            ("SQL → Opportunity", charts.gauge(0.52, 0.60, 0.43, 0.63), 118),
            ("Customer → Onboarded", charts.gauge(0.41, 0.80, 0.34, 0.49), 96),
            ("Inside team", charts.gauge(None, 1.0), 0),
        ],
        "bars": charts.bars([won, lost]),
        "line": charts.line([won, lost]),
        "one_line": charts.line([_by_month("Median days", WON)]),
        "spark": charts.sparkline(WON),
        "months": list(zip(MONTHS, WON, LOST, strict=True)),
        "lanes": charts.timeline_lanes(_program()),
        "score": charts.score_breakdown(_score()),
        "score_total": 84,
        "cohorts": _cohorts(),
        "weeks": [f"Week {week}" for week in range(1, 7)],
    }


def _by_month(name: str, values: tuple[int, ...], tone: str = "1") -> charts.Series:
    points = [charts.Point(month, v, "#") for month, v in zip(MONTHS, values, strict=True)]
    return charts.Series(name, points, tone)


def _program() -> list[charts.LaneStep]:
    return [
        charts.LaneStep(0, "E-mail", "Welcome", "mail", "#"),
        charts.LaneStep(3, "E-mail", "Case study", "mail", "#"),
        charts.LaneStep(7, "Call", "First call", "phone", "#", "warn"),
        charts.LaneStep(12, "Letter", "Data sheet", "file-text", "#", "neutral"),
        charts.LaneStep(18, "E-mail", "Webinar", "mail", "#"),
        charts.LaneStep(30, "Call", "Follow up", "phone", "#", "warn"),
    ]


def _score() -> list[charts.Part]:
    return [
        charts.Part("Webinar attended", 40, "12 Mar, half left in 14 d", "#"),
        charts.Part("White paper", 25, "2 downloads", "#"),
        charts.Part("Pricing page", 31.5, "9 visits, capped", "#"),
        charts.Part("Free mail address", -12.5, "penalty", "#"),
    ]


def _cohorts() -> list[charts.HeatRow]:
    shares = (
        (0.05, 0.12, 0.2, 0.29, 0.34, 0.41),
        (0.07, 0.16, 0.25, 0.31, 0.36, None),
        (0.04, 0.1, 0.19, 0.27, None, None),
        (0.09, 0.21, 0.33, None, None, None),
    )
    return [
        charts.heat_row(
            MONTHS[i],
            [charts.Point(f"Week {week + 1}", share, "#") for week, share in enumerate(row)],
            most=0.5,
            note=f"{900 + 37 * i}",
        )
        for i, row in enumerate(shares)
    ]
