"""Who sees which page: one ladder for every address of the app, generated from the addresses."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import URLPattern, resolve, reverse
from django.utils import timezone

from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import (
    BulkItem,
    Campaign,
    Company,
    DuplicatePair,
    Form,
    FormSubmission,
    Guest,
    GuestFile,
    Import,
    Lead,
    OptIn,
    Site,
    StageChange,
)
from leads.urls import public
from leads.urls import urlpatterns as pages
from leads.urls.api import urlpatterns as api_pages
from tests.factories import people

pytestmark = pytest.mark.django_db

FORM_ACTS = {
    "leads:reprocess_one",
    "leads:preview_form",
    "leads:switch_form",
    "leads:duplicate_form",
    "leads:add_fact",
    "leads:shift_question",
    "leads:remove_question",
}
SITE_ACTS = {"leads:switch_site", "leads:reprocess_reports"}
SITE_QUESTIONS = {"leads:add_site", "leads:edit_site"}
SITES = SITE_ACTS | SITE_QUESTIONS | {"leads:sites", "leads:site"}
FORM_QUESTIONS = {
    "leads:add_form",
    "leads:form_settings",
    "leads:form_share",
    "leads:delete_form",
    "leads:add_question",
    "leads:edit_question",
}
SEGMENT_ACTS = {"leads:archive_segment", "leads:restore_segment"}
SEGMENT_PAGES = {"leads:new_segment", "leads:edit_segment"}
SEGMENTS = SEGMENT_ACTS | SEGMENT_PAGES | {"leads:segment", "api:segment", "api:members"}
VIEWS = {"leads:edit_view", "leads:update_view", "leads:delete_view"}
POSTED = {
    *SEGMENT_ACTS,
    "leads:update_view",
    "leads:delete_view",
    "leads:tag",
    "leads:edit_condition",
    "leads:preview_condition",
    "leads:shift_stage",
    "leads:switch_handoff",
    "leads:note",
    "leads:export",
    "leads:drop_import",
    "leads:reprocess",
    *FORM_ACTS,
    *SITE_ACTS,
    "api:identify_visitor",
    "api:visitor_token",
    "api:verb",
    "api:activities",
    "api:stages",
    "api:handoffs",
    "api:reasons",
    "api:take_back",
    "api:export_person",
    "api:erase",
    "leads:bulk_stop",
    "leads:bulk_again",
    "api:bulk_move",
    "leads:archive_campaign",
    "leads:mark_guests",
    "leads:take_back_guests",
    "leads:kiosk_scan",
    "leads:kiosk_admit",
    "leads:kiosk_walk_in",
    "leads:kiosk_take_back",
    "leads:part_companies",
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
    "leads:consent",
    "leads:erase",
}
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
CAMPAIGNS = {
    "leads:add_campaign",
    "leads:campaign",
    "leads:edit_campaign",
    "leads:archive_campaign",
    "leads:add_cost",
    "leads:edit_cost",
    "leads:remove_cost",
    "leads:send_guest_file",
    "leads:guest_file",
}
GUESTS = {
    "leads:guests",
    "leads:add_guest",
    "leads:mark_guests",
    "leads:take_back_guests",
    "leads:release_guests",
    "leads:ticket",
    "leads:guests_csv",
    "leads:tickets",
    "leads:kiosk",
    "leads:kiosk_scan",
    "leads:kiosk_admit",
    "leads:kiosk_walk_in",
    "leads:kiosk_take_back",
}
MERGES = {"leads:merge_company", "leads:part_companies"}
DIALOGS |= {
    "leads:add_campaign",
    "leads:edit_campaign",
    "leads:add_cost",
    "leads:edit_cost",
    "leads:remove_cost",
    "leads:add_guest",
    "leads:release_guests",
    "leads:edit_company",
}
BOTH = (
    DIALOGS
    | FORM_QUESTIONS
    | SITE_QUESTIONS
    | SEGMENT_PAGES
    | {
        "leads:filter",
        "leads:new",
        "leads:owner",
        "leads:save_view",
        "leads:edit_view",
        "api:segments",
        "leads:edit",
        "leads:bulk_new",
        "leads:merge",
        "leads:privacy",
        "leads:imports",
        "leads:import",
        "leads:merge_company",
        "leads:send_guest_file",
        "leads:guest_file",
        "api:leads",
        "api:consents",
        "api:retire",
    }
)
FORMS = FORM_ACTS | FORM_QUESTIONS | {"leads:form", "leads:forms", "leads:submissions"}
MARKETING = (
    DESIGN
    | SEGMENT_ACTS
    | SEGMENT_PAGES
    | FORMS
    | SITES
    | CAMPAIGNS
    | MERGING
    | {"leads:imports", "leads:import", "leads:drop_import", "leads:import_csv"}
    | {"leads:campaigns", "leads:reprocess", "leads:export"}
)
ABOUT_AN_ACT = {"leads:bulk", "leads:bulk_stop", "leads:bulk_again", "leads:bulk_csv"}
ABOUT_A_LEAD = {
    "leads:detail",
    "leads:edit",
    "leads:note",
    "leads:tag",
    "leads:consent",
    "api:lead",
    "api:consents",
    "api:take_back",
    "api:history",
    "api:lead_stages",
    "api:timeline",
}
SAID: dict[str, Any] = {
    "leads:note": {"kind": "note", "text": "Called"},
    "leads:tag": {"name": "Hot"},
    "leads:update_view": {"filter": "stage=mql"},
    "leads:mark_guests": {"mark": "registered", "all": "1"},
    "leads:release_guests": {"all": "1"},
    "leads:kiosk_scan": {"q": "Ada"},
    "leads:kiosk_admit": {"guest": "1"},
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
MARKED = "?mark=attended&at=2026-03-03T09:00:00Z"
KEYS = {"verb": "offer", "key": "sql", "code": "price", "number": 1}


def _named(patterns: list[URLPattern], app: str) -> list[str]:
    return [f"{app}:{pattern.name}" for pattern in patterns]


REASONS = {"api:reasons", "api:reason", "leads:add_reason", "leads:edit_reason"}
PRIVACY = {"leads:erase", "leads:privacy", "api:erase"}
PAGES = _named(pages, "leads")
API = [name for name in _named(api_pages, "api") if name != "api:no_verb"]  # answers 404 only


@pytest.fixture
def address(
    form: Form, site: Site, at: Any, marketer: User, settings: Any, tmp_path: Any
) -> Callable[..., str]:
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
    sent = FormSubmission.objects.create(form=form, token="x", values={}, received_at=at)
    rows = _event(form.campaign, lead, company, marketer, at)
    settings.MEDIA_ROOT = tmp_path
    kept = default_storage.save("imports/x.csv", ContentFile(b"email\na@example.com\n"))
    rows["import_id"] = Import.objects.create(file="x.csv", at=at, state="draft", kept=kept).pk
    other, former = people.inquiries(2, at=at)
    pair = DuplicatePair.objects.create(first=lead, second=other, likeness=80, found_at=at)
    merge = leads.merge_leads(kept_id=other.pk, gone_id=former.pk, by=marketer, at=at)

    view = leads.save_view(name="Warm", query="grade=A", columns=[], is_shared=False, by=marketer)

    def build(name: str, lead_id: int = lead.pk) -> str:
        values = KEYS | {
            "lead_id": lead_id,
            "company_id": company.pk,
            "form_id": form.pk,
            "name": "first_name",
            "submission_id": sent.pk,
            "act_id": act.pk,
            "site_id": site.pk,
            "gone_id": other.pk,
            "pair_id": pair.pk,
            "view_id": view.pk,
            **rows,
        }
        values |= {"key": "some"} if name in SEGMENTS else {}
        values |= {"key": "expo"} if name in CAMPAIGNS | GUESTS else {}
        values |= {"key": "mql_sal"} if name.endswith("_handoff") or name == "api:handoff" else {}
        values |= {"verb": "lose"} if name.endswith("reason") else {}
        if name in {"leads:undo_merge", "api:merge_undo"}:
            values["merge_id"] = merge.pk
        if name == "api:lead_merge":
            SAID[name] = {"gone": other.pk}
        if name == "api:take_back" and lead_id == lead.pk:
            leads.offer(lead_ids=[lead.pk], by=marketer, at=timezone.now())
        pattern = next(p for p in [*pages, *api_pages] if p.name == name.split(":")[1])
        wanted = pattern.pattern.converters
        asked = MARKED if name == "leads:take_back_guests" else ""
        return reverse(name, kwargs={key: values[key] for key in wanted}) + asked

    return build


def _event(campaign: Campaign, lead: Lead, company: Company, by: User, at: Any) -> dict[str, int]:
    """Ids of rows about an event: a cost, a guest, a file; and of a merge of companies."""
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=[lead.pk], by=by, at=at)
    guest = Guest.objects.get()
    Guest.objects.filter(pk=guest.pk).update(id=1, code="A1B2C3D4E5F6")
    cost = leads.add_cost(campaign=campaign, month=at.date(), planned=100, actual=None, by=by)
    file = GuestFile.objects.create(
        campaign=campaign, name="a.csv", header=["email"], rows=[["a@b.de"]], by=by, at=at
    )
    other = Company.objects.create(name="Acme Ltd")
    merge = leads.merge_companies(kept_id=company.pk, gone_id=other.pk, by=by, at=at)
    leads.create_segment(name="Some", condition={"all": []}, by=by, at=at)
    return {"guest_id": 1, "cost_id": cost.pk, "file_id": file.pk, "merge_id": merge.pk}


def _open(client: Client, name: str, address: str) -> Any:
    kind: Any = {"content_type": "application/json"} if name.startswith("api") else {}
    for names, send in ((POSTED, client.post), (PUT, client.put), (PATCHED, client.patch)):
        if name in names:
            return send(address, SAID[name] if name in SAID else _said(name, address), **kind)
    return client.get(address, SAID.get(name, {}))


def _said(name: str, address: str) -> dict[str, Any]:
    if name in {"api:identify_visitor", "api:visitor_token"}:
        return {"lead": Lead.objects.earliest("pk").pk, "visitor": str(uuid.uuid4())}
    if name != "api:take_back":
        return {}
    lead_id = min(resolve(address).captured_kwargs["lead_id"], 2**62)
    return {"change": StageChange.objects.filter(lead=lead_id).values_list("pk", flat=True).last()}


@pytest.mark.parametrize("name", [*PAGES, *API])
def test_works_for_whom_it_is_made(
    name: str, address: Any, marketer: User, manager: User, sign_in: Any, api: Any
) -> None:
    who = manager if name in REASONS | PRIVACY else marketer
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


@pytest.mark.parametrize("name", sorted(MARKETING | ((REASONS | PRIVACY) - set(API))))
@pytest.mark.parametrize("role", [Role.REP, Role.CARE])
def test_tells_the_wrong_role_why_not(name: str, role: Role, address: Any, sign_in: Any) -> None:
    answer = _open(sign_in(people.user(role)), name, address(name))

    assert answer.status_code == 403
    said = answer.content.decode()
    acts = ("merge leads",) if name in MERGING else ("manage", "hand out", "erase")
    assert any(f"you may not {act}" in said for act in acts)


@pytest.mark.parametrize("name", sorted(GUESTS | {"leads:events"}))
def test_tells_customer_care_why_not_of_guests(
    name: str, address: Any, care: User, sign_in: Any
) -> None:
    answer = _open(sign_in(care), name, address(name))

    assert answer.status_code == 403
    assert "you may not manage guests" in answer.content.decode()


@pytest.mark.parametrize("role", [Role.REP, Role.CARE])
@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("leads:export_list", "hand out the list of leads"),
        ("leads:owner", "give leads to others"),
    ],
)
def test_only_marketing_hands_out_lists_and_gives_leads_away(
    name: str, act: str, role: Role, address: Any, sign_in: Any
) -> None:
    answer = _open(sign_in(people.user(role)), name, address(name))

    assert answer.status_code == 403
    assert f"you may not {act}" in answer.content.decode()


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_knows_no_view_that_somebody_keeps_for_themselves(
    name: str, address: Any, manager: User, sign_in: Any
) -> None:
    assert _open(sign_in(manager), name, address(name)).status_code == 404


@pytest.mark.parametrize("name", sorted(MERGES))
def test_tells_sales_why_not_of_merging(name: str, address: Any, rep: User, sign_in: Any) -> None:
    answer = _open(sign_in(rep), name, address(name))

    assert answer.status_code == 403
    assert "you may not merge companies" in answer.content.decode()


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
    values: dict[str, Any] = dict.fromkeys(pattern.pattern.converters, form.slug)
    if "token" in values:
        lead = people.inquiry(at=timezone.now())
        asked = {"wording": "Yes", "wording_version": 1, "source": "form", "purpose": "marketing"}
        opt_in = OptIn.objects.create(
            lead=lead, email="a@b.example", asked_at=timezone.now(), **asked
        )
        values["token"] = opt_in.token
    answer = Client().get(reverse(f"public:{pattern.name}", kwargs=values))

    assert answer.status_code in {200, 405}


@pytest.mark.parametrize(
    "name",
    [
        "leads:detail",
        "leads:company",
        "api:lead",
        "leads:reprocess",
        "leads:bulk",
        "leads:site",
        "leads:edit_company",
        "leads:form",
    ],
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
    assert ">1 lead<" in page.replace("\n", "")
    assert "Hidden" not in client.get("/palette/?q=hidden").content.decode()
