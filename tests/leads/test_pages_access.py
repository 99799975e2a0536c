"""Who sees which page: one ladder for every address of the app, generated from the addresses."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, resolve, reverse
from django.utils import timezone

from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import BulkItem, Company, DuplicatePair, Form, Lead, StageChange
from leads.urls import public
from leads.urls import urlpatterns as pages
from leads.urls.api import urlpatterns as api_pages
from tests.factories import people

pytestmark = pytest.mark.django_db

POSTED = {
    "leads:shift_stage",
    "leads:switch_handoff",
    "leads:note",
    "leads:reprocess",
    "api:verb",
    "api:activities",
    "api:stages",
    "api:handoffs",
    "api:reasons",
    "api:take_back",
    "leads:bulk_stop",
    "leads:bulk_again",
    "api:bulk_move",
    "leads:search_duplicates",
    "leads:dismiss_duplicate",
    "leads:reopen_duplicate",
    "leads:undo_merge",
    "api:lead_merge",
    "api:merge_undo",
}
PUT = {"api:order", "api:verb_rule"}
PATCHED = {"api:stage", "api:handoff", "api:reason"}
DESIGN = {
    "leads:pipeline",
    "leads:add_stage",
    "leads:edit_stage",
    "leads:shift_stage",
    "leads:retire_stage",
    "leads:add_handoff",
    "leads:edit_handoff",
    "leads:switch_handoff",
    "leads:verbs",
    "leads:edit_verb",
    "leads:versions",
    "leads:version",
}
DIALOGS = {
    "leads:add_stage",
    "leads:edit_stage",
    "leads:retire_stage",
    "leads:add_handoff",
    "leads:edit_handoff",
    "leads:edit_verb",
    "leads:add_reason",
    "leads:edit_reason",
}
BOTH = DIALOGS | {"leads:edit", "leads:merge", "leads:bulk_new", "api:leads", "api:retire"}
MERGING = {
    "leads:merge_with",
    "leads:merge",
    "leads:merges",
    "leads:undo_merge",
    "leads:duplicates",
    "leads:search_duplicates",
    "leads:duplicate_search",
    "leads:dismiss_duplicate",
    "leads:reopen_duplicate",
}
MARKETING = DESIGN | MERGING | {"leads:campaigns", "leads:forms", "leads:reprocess"}
ABOUT_AN_ACT = {"leads:bulk", "leads:bulk_stop", "leads:bulk_again", "leads:bulk_csv"}
ABOUT_A_LEAD = {
    "leads:detail",
    "leads:edit",
    "leads:note",
    "api:lead",
    "api:take_back",
    "api:history",
    "api:lead_stages",
    "api:timeline",
}
SAID: dict[str, Any] = {
    "leads:note": {"kind": "note", "text": "Called"},
    "api:activities": [],
    "leads:bulk_new": {"verb": "offer", "lead": "1", "all": "1"},
    "leads:bulk_again": {"token": str(uuid.uuid4())},
    "api:bulk_move": {"verb": "offer", "leads": [1]},
    "api:stages": {"name": "Warm", "abbreviation": "WRM", "after": "inquiry"},
    "api:handoffs": {
        "name": "Demo desk",
        "after": "sql",
        "offered": {"name": "Demo wanted", "abbreviation": "DW"},
        "accepted": {"name": "Demo planned", "abbreviation": "DP"},
    },
    "api:reasons": {"label": "Weather"},
    "api:order": {"stages": ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]},
    "api:verb_rule": {"needs_reason": False, "needs_note": False},
    "api:stage": {"name": "Ready"},
    "api:handoff": {"target": 0.6},
    "api:reason": {"cool_down_days": 3},
}
KEYS = {"verb": "offer", "key": "sql", "code": "price", "number": 1}


def _named(patterns: list[URLPattern], app: str) -> list[str]:
    return [f"{app}:{pattern.name}" for pattern in patterns]


REASONS = {"api:reasons", "api:reason", "leads:add_reason", "leads:edit_reason"}
PAGES = _named(pages, "leads")
API = [name for name in _named(api_pages, "api") if name != "api:no_verb"]  # answers 404 only


@pytest.fixture
def address(form: Form, at: Any, marketer: User) -> Callable[..., str]:
    """The address of a page, filled in with rows that exist; there is something to take back."""
    company = Company.objects.create(name="Acme")
    lead = people.inquiry(at=at, company_id=company.pk)
    act = leads.start_bulk(
        verb="offer",
        said={},
        chosen=Lead.objects.filter(pk=lead.pk),
        token=uuid.uuid4(),
        by=marketer,
        at=at,
    )
    BulkItem.objects.update(outcome="refused")
    other, former = people.inquiries(2, at=at)
    pair = DuplicatePair.objects.create(first=lead, second=other, likeness=80, found_at=at)
    merge = leads.merge_leads(kept_id=other.pk, gone_id=former.pk, by=marketer, at=at)

    def build(name: str, lead_id: int = lead.pk) -> str:
        values = KEYS | {
            "lead_id": lead_id,
            "company_id": company.pk,
            "form_id": form.pk,
            "act_id": act.pk,
            "gone_id": other.pk,
            "pair_id": pair.pk,
            "merge_id": merge.pk,
        }
        values |= {"key": "mql_sal"} if name.endswith("_handoff") or name == "api:handoff" else {}
        values |= {"verb": "lose"} if name.endswith("reason") else {}
        if name == "api:lead_merge":
            SAID[name] = {"gone": other.pk}
        if name == "api:take_back" and lead_id == lead.pk:
            leads.offer(lead_ids=[lead.pk], by=marketer, at=timezone.now())
        pattern = next(p for p in [*pages, *api_pages] if p.name == name.split(":")[1])
        wanted = pattern.pattern.converters
        return reverse(name, kwargs={key: values[key] for key in wanted})

    return build


def _open(client: Client, name: str, address: str) -> Any:
    kind: Any = {"content_type": "application/json"} if name.startswith("api") else {}
    for names, send in ((POSTED, client.post), (PUT, client.put), (PATCHED, client.patch)):
        if name in names:
            return send(address, SAID[name] if name in SAID else _said(name, address), **kind)
    return client.get(address, SAID.get(name, {}))


def _said(name: str, address: str) -> dict[str, Any]:
    if name != "api:take_back":
        return {}
    lead_id = min(resolve(address).captured_kwargs["lead_id"], 2**62)
    return {"change": StageChange.objects.filter(lead=lead_id).values_list("pk", flat=True).last()}


@pytest.mark.parametrize("name", [*PAGES, *API])
def test_works_for_whom_it_is_made(
    name: str, address: Any, marketer: User, manager: User, sign_in: Any, api: Any
) -> None:
    who = manager if name in REASONS else marketer
    client = api(who) if name.startswith("api") else sign_in(who)

    assert _open(client, name, address(name)).status_code in {200, 201, 302}


@pytest.mark.parametrize("name", PAGES)
def test_sends_strangers_to_the_sign_in(name: str, address: Any) -> None:
    answer = _open(Client(), name, address(name))

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize("name", API)
def test_asks_strangers_for_a_key(name: str, address: Any) -> None:
    answer = _open(Client(), name, address(name))

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", sorted(MARKETING | (REASONS - set(API))))
@pytest.mark.parametrize("role", [Role.REP, Role.CARE])
def test_tells_the_wrong_role_why_not(name: str, role: Role, address: Any, sign_in: Any) -> None:
    answer = _open(sign_in(people.user(role)), name, address(name))

    assert answer.status_code == 403
    words = "you may not merge leads" if name in MERGING else "you may not manage"
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "name", sorted(PUT | PATCHED | {"api:reasons", "api:stages", "api:handoffs"})
)
@pytest.mark.parametrize("role", [Role.REP, Role.CARE])
def test_others_read_the_pipeline_and_change_nothing(
    name: str, role: Role, address: Any, api: Any
) -> None:
    client = api(people.user(role))

    answer = _open(client, name, address(name))

    assert answer.status_code == 403
    assert "you may not change the" in answer.json()["detail"]
    assert client.get("/api/v1/pipeline/").json()["version"] == 1


@pytest.mark.parametrize("name", sorted(ABOUT_A_LEAD | {"api:verb"}))
def test_knows_no_lead_of_another_territory(
    name: str, address: Any, rep: User, sign_in: Any, api: Any, abroad: Lead
) -> None:
    client = api(rep) if name.startswith("api") else sign_in(rep)

    assert _open(client, name, address(name, abroad.pk)).status_code == 404
    assert Lead.objects.get(pk=abroad.pk).stage == "inquiry"


@pytest.mark.parametrize("name", sorted(ABOUT_AN_ACT))
def test_knows_no_act_of_somebody_else(
    name: str, address: Any, manager: User, sign_in: Any
) -> None:
    assert _open(sign_in(manager), name, address(name)).status_code == 404


@pytest.mark.parametrize("name", [*PAGES, *API])
def test_refuses_the_wrong_method(
    name: str, address: Any, marketer: User, sign_in: Any, api: Any
) -> None:
    client = api(marketer) if name.startswith("api") else sign_in(marketer)

    assert client.delete(address(name)).status_code == 405
    if name in POSTED | PUT | PATCHED:
        assert client.get(address(name)).status_code == 405
    elif name not in BOTH:
        assert client.post(address(name)).status_code == 405


@pytest.mark.parametrize("pattern", public.urlpatterns, ids=lambda pattern: pattern.name)
def test_public_addresses_ask_nobody_to_sign_in(pattern: URLPattern, form: Form) -> None:
    values = dict.fromkeys(pattern.pattern.converters, form.slug)
    answer = Client().get(reverse(f"public:{pattern.name}", kwargs=values))

    assert answer.status_code in {200, 405}


@pytest.mark.parametrize(
    "name", ["leads:detail", "leads:company", "api:lead", "leads:reprocess", "leads:bulk"]
)
def test_an_id_beyond_all_ids_is_just_not_there(
    name: str, address: Any, marketer: User, sign_in: Any, api: Any
) -> None:
    client = api(marketer) if name.startswith("api") else sign_in(marketer)
    huge = dict.fromkeys(resolve(address(name)).captured_kwargs, 10**30)

    assert _open(client, name, reverse(name, kwargs=huge)).status_code == 404


def test_customer_care_sees_customers_and_what_is_theirs(care: User, at: Any, sign_in: Any) -> None:
    stranger, own = people.inquiry(at=at), people.inquiry(at=at, owner_id=care.pk)
    client = sign_in(care)

    assert client.get(f"/leads/{stranger.pk}/").status_code == 404
    assert client.get(f"/leads/{own.pk}/").status_code == 200


def test_the_list_the_count_and_the_palette_hide_other_territories(
    rep: User, abroad: Lead, at: Any, sign_in: Any
) -> None:
    mine = people.inquiry(at=at, first_name="Visible")
    Lead.objects.filter(pk=abroad.pk).update(first_name="Hidden")
    leads.refresh_tokens(lead_ids=[abroad.pk])
    client = sign_in(rep)

    page = client.get("/leads/").content.decode()
    assert mine.name in page
    assert "Hidden" not in page
    assert ">1 leads<" in page.replace("\n", "")
    assert "Hidden" not in client.get("/palette/?q=hidden").content.decode()
