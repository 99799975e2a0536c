"""The pipeline over the API: what is asked for happens as a version, or a sentence says why not."""

from typing import Any

import pytest

from leadflow.core.models import User
from leads.models import PipelineVersion, Reason
from tests.factories import people

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def client(api: Any, marketer: User) -> Any:
    return api(marketer)


def test_the_pipeline_is_read_whole(client: Any, at: Any) -> None:
    people.offered(at=at, count=2)

    answer = client.get("/api/v1/pipeline/").json()

    assert answer["path"] == ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]
    mql = next(stage for stage in answer["stages"] if stage["key"] == "mql")
    assert (mql["leads"], mql["team"]) == (2, "marketing")
    handoff = next(one for one in answer["handoffs"] if one["key"] == "mql_sal")
    assert (handoff["target"], handoff["waiting"], handoff["is_active"]) == (1.0, 2, True)
    reject = next(one for one in answer["verbs"] if one["verb"] == "reject")
    assert reject["needs_reason"]
    assert {"no_need", "other"} <= {reason["code"] for reason in reject["reasons"]}


def test_a_stage_is_added_changed_and_retired(client: Any) -> None:
    stage = {"name": "Demo held", "abbreviation": "DEMO", "after": "sql"}
    added = client.post("/api/v1/pipeline/stages/", stage, content_type=JSON)
    assert (added.status_code, added.json()["path"][4]) == (201, "demo_held")

    address = "/api/v1/pipeline/stages/demo_held/"
    client.patch(address, {"requires": ["phone"], "normal_days": 9}, content_type=JSON)
    assert client.get(f"{address}retire/").json()["leads"] == 0
    assert "demo_held" not in client.post(f"{address}retire/", {}, content_type=JSON).json()["path"]

    versions = client.get("/api/v1/pipeline/versions/").json()["results"]
    assert [one["number"] for one in versions] == [4, 3, 2, 1]
    then = client.get("/api/v1/pipeline/versions/3/").json()["content"]
    demo = next(stage for stage in then["stages"] if stage["key"] == "demo_held")
    assert (demo["requires"], demo["normal_days"], demo["is_retired"]) == (["phone"], 9, False)


def test_a_stage_with_leads_is_merged(client: Any, at: Any) -> None:
    people.inquiries(3, at=at)
    client.post(
        "/api/v1/pipeline/stages/",
        {"name": "New", "abbreviation": "NEW", "after": ""},
        content_type=JSON,
    )
    address = "/api/v1/pipeline/stages/inquiry/retire/"
    refused = client.post(address, {}, content_type=JSON)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "3 leads stand in “Inquiry”: choose a stage to merge it into.",
    )

    merged = client.post(address, {"merge_into": "new"}, content_type=JSON).json()

    assert {s["key"]: s["leads"] for s in merged["stages"]}["new"] == 3


def test_a_handoff_is_added_and_changed(client: Any, rep: User) -> None:
    handoff = {
        "name": "Demo desk",
        "after": "sql",
        "target": 0.6,
        "team": "sales",
        "escalate_to": [rep.email],
        "offered": {"name": "Demo wanted", "abbreviation": "DW", "team": "sales"},
        "accepted": {"name": "Demo planned", "abbreviation": "DP"},
    }
    added = client.post("/api/v1/pipeline/handoffs/", handoff, content_type=JSON)
    assert added.status_code == 201

    address = "/api/v1/pipeline/handoffs/demo_desk/"
    changed = client.patch(address, {"is_active": False}, content_type=JSON).json()

    row = next(one for one in changed["handoffs"] if one["key"] == "demo_desk")
    assert (row["is_active"], row["target"], row["escalate_to"]) == (False, 0.6, [rep.email])


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("put", "order/", {"stages": ["inquiry", "moon"]}, 400, "There is no stage “moon”."),
    (
        "put",
        "order/",
        {"stages": ["inquiry", "sal", "mql", "sql", "opportunity", "customer"]},
        400,
        "“Sales accepted” cannot stand before “Marketing qualified”: leads of “Marketing to sales” "
        "would go in a circle.",
    ),
    (
        "patch",
        "stages/sql/",
        {"position": 50},
        400,
        "Position 50 is taken twice: by “Sales accepted” and “Sales qualified”.",
    ),
    ("patch", "stages/moon/", {"name": "X"}, 400, "There is no stage “moon”."),
    ("patch", "stages/sql/", {"kind": "won"}, 400, "There is no field “kind” here."),
    ("patch", "handoffs/mql_sal/", {"calendar": "moon"}, 400, "There is no calendar “moon”."),
    (
        "patch",
        "handoffs/mql_sal/",
        {"escalate_to": ["nobody@example.com"]},
        400,
        "Nobody here has the address “nobody@example.com”.",
    ),
    (
        "put",
        "verbs/fly/",
        {"needs_reason": True, "needs_note": False},
        400,
        "There is no verb “fly”.",
    ),
]


@pytest.mark.parametrize(("method", "path", "said", "status", "sentence"), REFUSED)
def test_what_cannot_be_is_answered_in_words(
    method: str, path: str, said: Any, status: int, sentence: str, client: Any
) -> None:
    answer = getattr(client, method)(f"/api/v1/pipeline/{path}", said, content_type=JSON)

    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)
    assert PipelineVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("handoffs/mql_sal/", {"target": 7}),
        ("handoffs/mql_sal/", {"target": "NaN"}),
        ("handoffs/mql_sal/", {"respond_within_minutes": 10**12}),
        ("stages/sql/", {"position": -1}),
        ("stages/sql/", {"name": "x" * 81}),
        ("stages/sql/", {"name": "a\x00b"}),
        ("stages/sql/", {"requires": "phone"}),
        ("stages/sql/", []),
        ("stages/sql/", {"normal_days": 0}),
    ],
)
def test_values_out_of_range_are_refused(path: str, said: Any, client: Any) -> None:
    answer = client.patch(f"/api/v1/pipeline/{path}", said, content_type=JSON)

    assert answer.status_code == 400
    assert PipelineVersion.objects.count() == 1


def test_reasons_are_added_and_changed_by_a_manager(api: Any, manager: User) -> None:
    client = api(manager)
    added = client.post(
        "/api/v1/pipeline/verbs/reject/reasons/",
        {"label": "No authority", "cool_down_days": 30},
        content_type=JSON,
    )
    assert (added.status_code, added.json()["code"]) == (201, "no_authority")

    address = "/api/v1/pipeline/verbs/reject/reasons/"
    client.patch(f"{address}no_authority/", {"is_active": False}, content_type=JSON)
    assert not Reason.objects.get(code="no_authority").is_active
    refused = client.patch(f"{address}other/", {"needs_note": False}, content_type=JSON)
    assert (refused.status_code, refused.json()["field"]) == (400, "needs_note")
