"""Companies: found by their words, corrected, made one and parted; seen as far as their people are."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from leadflow.core.errors import Conflict
from leadflow.core.models import OutboxEvent, User
from leads import queries
from leads import services as leads
from leads.models import Activity, Company, CompanyMerge, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db
LIST = "/leads/companies/"


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def staff(name: str, count: int, at: datetime, **facts: Any) -> list[Lead]:
    """Leads who work at a company, which is there afterwards."""
    rows = [
        leads.NewLead(
            at=at, facts={"first_name": f"P{n}", "email": f"p{n}@{hash(name)}.example"} | facts,
            company_name=name,
        )
        for n in range(count)
    ]  # fmt: skip
    return leads.create_leads(people=rows, at=at)


def found(user: User, **params: str) -> list[str]:
    rows = queries.list_companies(user=user, params=params)
    return list(rows.order_by("folded").values_list("name", flat=True))


@pytest.fixture
def acme(at: datetime) -> Company:
    staff("Acme Pumps GmbH", 2, at)
    leads.describe_companies(
        facts_by_name={
            "Acme Pumps GmbH": {
                "domain": "acme-pumps.example", "industry": "Pumps", "employees": 80, "country": "DE",
            }
        },
        at=at,
    )  # fmt: skip
    return Company.objects.get()


@pytest.mark.parametrize("q", ["acme", "PUM", "gmbh acme", "acme-pumps.exa", "acme-pumps"])
def test_a_company_is_found_by_the_beginnings_of_its_words(
    q: str, acme: Company, marketer: User, at: datetime
) -> None:
    staff("Zürich Wässer", 1, at)

    assert found(marketer, q=q) == ["Acme Pumps GmbH"]
    assert found(marketer, q="wasser zur") == ["Zürich Wässer"]
    assert found(marketer, q="nothing") == []
    assert found(marketer, q="' & | ! :*") == []


@pytest.mark.parametrize(
    "params", [{"industry": "Pumps"}, {"country": "DE"}, {"size": "51-250"}], ids=str
)
def test_a_filter_finds_whom_it_names_and_nobody_else(
    params: dict[str, str], acme: Company, marketer: User, at: datetime
) -> None:
    staff("Other", 1, at)

    assert found(marketer, **params) == ["Acme Pumps GmbH"]
    assert found(marketer, size="1001-") == []


def test_a_search_reads_the_index(acme: Company, marketer: User) -> None:
    Company.objects.bulk_create(
        Company(name=f"Company {n}", tokens=f"'company' '{n}'") for n in range(3_000)
    )
    rows = Company.objects.filter(tokens__holds="'acme':*")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_company")

    assert "company_tokens" in rows.explain()


def test_the_list_shows_companies_of_people_one_may_see(
    acme: Company, abroad: Lead, marketer: User, rep: User, care: User, at: datetime, sign_in: Any
) -> None:
    hidden = staff("Hidden Ltd", 1, at, territory_id=abroad.territory_id)[0]
    Lead.objects.filter(company=acme).filter(first_name="P1").update(territory=abroad.territory_id)

    assert found(marketer) == ["Acme Pumps GmbH", "Hidden Ltd"]
    assert found(rep) == ["Acme Pumps GmbH"]
    assert found(care) == []
    assert queries.count_people(user=rep, companies=[acme]) == {acme.pk: 1}
    client = sign_in(rep)
    assert client.get(f"{LIST}{hidden.company_id}/").status_code == 404
    assert client.get(f"{LIST}{hidden.company_id}/edit/").status_code == 404
    assert "Hidden" not in client.get(LIST).content.decode()
    assert "Hidden" not in client.get("/palette/?q=hidden").content.decode()


def test_paging_along_the_names_shows_every_company_once(client: Client) -> None:
    names = [f"{letter}{n} Works" for n in range(40) for letter in "aBÄ"]
    Company.objects.bulk_create(Company(name=name) for name in names)
    shown, address = [], LIST
    while address:
        page = client.get(address).context["page"]
        shown += [company.name for company in page]
        address = LIST + page.next_url if page.next_url else ""

    assert sorted(shown) == sorted(names)
    assert [name.lower() for name in shown] == sorted(name.lower() for name in names)


@pytest.mark.parametrize("address", [LIST, "{one}", "{one}?part=story", "{one}merge/"])
def test_pages_ask_the_same_number_of_questions_for_any_number_of_rows(
    address: str, acme: Company, client: Client, at: datetime
) -> None:
    counts = []
    for count in (10, 1_000):
        people_ = people.inquiries(count, at=at, company_id=acme.pk)
        rows = [Activity(lead=lead, kind="note", occurred_at=at, title="Hi") for lead in people_]
        leads.record_activities(activities=rows, at=at)
        Company.objects.bulk_create(Company(name=f"Acme {count} {n}") for n in range(count))
        where = address.format(one=f"{LIST}{acme.pk}/")
        client.get(where)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(where).status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]


# ---- facts


def edit(client: Client, company: Company, **said: Any) -> Any:
    facts = {"name": company.name, "domain": "", "industry": "", "employees": "", "country": ""}
    return client.post(f"{LIST}{company.pk}/edit/", facts | said)


def test_a_renamed_company_and_its_people_are_found_by_the_new_name(
    acme: Company, client: Client, marketer: User
) -> None:
    OutboxEvent.objects.all().delete()

    edit(client, acme, name="  Nova   Flow ", domain="https://Nova.example/x", country="at")

    acme.refresh_from_db()
    assert (acme.name, acme.domain, acme.country) == ("Nova Flow", "nova.example", "AT")
    assert found(marketer, q="nova flow") == ["Nova Flow"]
    assert found(marketer, q="acme") == []
    assert queries.find_leads(user=marketer, q="nova p1").count() == 1
    assert queries.find_leads(user=marketer, q="acme").count() == 0
    told = OutboxEvent.objects.get(kind__endswith="ActivitiesRecorded")
    assert sorted(told.payload["lead_ids"]) == sorted(Lead.objects.values_list("pk", flat=True))


def test_nothing_new_tells_nobody(acme: Company, marketer: User, at: datetime) -> None:
    OutboxEvent.objects.all().delete()

    facts = {"name": acme.name, "employees": 80}
    assert not leads.change_company(company_id=acme.pk, facts=facts, by=marketer, at=at)
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"name": "OTHER ltd"}, "name", "already. Merge the two instead."),
        ({"name": ""}, "name", "A company has a name."),
        ({"country": "Germany"}, "country", "two letters"),
        ({"employees": "-5"}, "employees", "greater than or equal to 0"),
        ({"name": "x" * 10_000}, "name", "at most 200"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    said: dict[str, str], field: str, words: str, acme: Company, client: Client, at: datetime
) -> None:
    staff("Other Ltd", 1, at)

    answer = edit(client, acme, **said)

    assert answer.status_code == 400
    assert words in str(answer.context["form"].errors[field])
    acme.refresh_from_db()
    assert (acme.name, acme.country) == ("Acme Pumps GmbH", "DE")


# ---- the story


def test_the_story_holds_what_its_people_did_newest_first(
    acme: Company, abroad: Lead, client: Client, rep: User, at: datetime, sign_in: Any
) -> None:
    mine, other = Lead.objects.filter(company=acme).order_by("pk")
    Lead.objects.filter(pk=other.pk).update(territory=abroad.territory_id)
    rows = [
        Activity(
            lead_id=(mine, other)[n % 2].pk, kind="note", title=f"Said {n}.",
            occurred_at=at + timedelta(minutes=n // 2), is_automatic=n == 118,
        )
        for n in range(120)
    ]  # fmt: skip
    leads.record_activities(activities=rows, at=at)
    shown, address = [], f"{LIST}{acme.pk}/?part=story"
    while address:
        page = client.get(address)
        shown += [line.entry.detail for line in page.context["story"]]
        before = page.context["next"]
        more = urlencode({"part": "story", "before": before or ""})
        address = f"{LIST}{acme.pk}/?{more}" if before else ""

    assert shown == [f"Said {n}." for n in reversed(range(120)) if n != 118]
    theirs = sign_in(rep).get(f"{LIST}{acme.pk}/?part=story").content.decode()
    assert "Said 116." in theirs
    assert "Said 119." not in theirs


# ---- two made one


@pytest.fixture
def twins(acme: Company, at: datetime) -> tuple[Company, Company]:
    """Acme Pumps GmbH, and ACME Pumps with three people and a fact the first lacks."""
    staff("ACME Pumps", 3, at)
    facts = {"ACME Pumps": {"industry": "Water", "employees": 9}}
    leads.describe_companies(facts_by_name=facts, at=at)
    Company.objects.filter(pk=acme.pk).update(industry="")
    return Company.objects.get(pk=acme.pk), Company.objects.get(name="ACME Pumps")


def test_a_merge_moves_people_and_fills_what_is_empty(
    twins: tuple[Company, Company], client: Client, marketer: User
) -> None:
    kept, gone = twins
    shown = client.get(f"{LIST}{kept.pk}/merge/?other={gone.pk}").content.decode()
    assert "taken over" in shown

    client.post(f"{LIST}{kept.pk}/merge/", {"other": gone.pk})

    kept = Company.objects.get()
    assert (kept.industry, kept.employees) == ("Water", 80)
    assert Lead.objects.filter(company=kept).count() == 5
    merge = CompanyMerge.objects.get()
    assert (merge.gone_name, len(merge.lead_ids), merge.by) == ("ACME Pumps", 3, marketer)
    assert queries.find_leads(user=marketer, q="gmbh").count() == 5
    page = client.get(f"{LIST}{gone.pk}/")
    assert page.url == f"{LIST}{kept.pk}/"
    assert "ACME Pumps" in client.get(page.url).content.decode()


def test_whoever_is_written_down_with_the_old_name_belongs_to_the_kept_one(
    twins: tuple[Company, Company], marketer: User, at: datetime
) -> None:
    kept, gone = twins
    leads.merge_companies(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)

    lead = staff("acme PUMPS", 1, at, email="late@example.com")[0]

    assert lead.company_id == kept.pk
    assert Company.objects.count() == 1


def test_a_merge_is_undone_but_for_what_changed_since(
    twins: tuple[Company, Company], marketer: User, client: Client, at: datetime
) -> None:
    kept, gone = twins
    moved = list(Lead.objects.filter(company=gone).order_by("pk").values_list("pk", flat=True))
    client.post(f"{LIST}{kept.pk}/merge/", {"other": gone.pk})
    left = moved.pop()
    leads.update_facts(facts_by_lead={left: {"company_id": None}}, at=at)

    merge = CompanyMerge.objects.get()
    client.post(f"{LIST}{kept.pk}/merges/{merge.pk}/part/")

    parted = Company.objects.get(pk=gone.pk)
    assert (parted.name, parted.industry, parted.employees) == ("ACME Pumps", "Water", 9)
    assert Company.objects.get(pk=kept.pk).industry == ""
    assert (
        list(Lead.objects.filter(company=parted).order_by("pk").values_list("pk", flat=True))
        == moved
    )
    assert staff("ACME Pumps", 1, at, email="x@example.com")[0].company_id == parted.pk
    again = client.post(f"{LIST}{kept.pk}/merges/{merge.pk}/part/", follow=True)
    assert "parted already" in again.content.decode()


def test_a_company_that_was_merged_away_cannot_be_merged_again(
    twins: tuple[Company, Company], marketer: User, at: datetime
) -> None:
    kept, gone = twins
    leads.merge_companies(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)

    with pytest.raises(Conflict, match="no longer there"):
        leads.merge_companies(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)


def test_what_was_merged_into_the_one_that_goes_follows_it(
    twins: tuple[Company, Company], marketer: User, at: datetime
) -> None:
    kept, gone = twins
    third = Company.objects.create(name="Third")
    leads.merge_companies(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)

    leads.merge_companies(kept_id=third.pk, gone_id=kept.pk, by=marketer, at=at)

    assert set(CompanyMerge.objects.values_list("kept_id", flat=True)) == {third.pk}
    assert staff("ACME Pumps", 1, at, email="x@example.com")[0].company_id == third.pk


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202eevil", "🦄", "O'Neil \\ & Co"]
)
def test_hostile_names_are_only_names(
    name: str, client: Client, marketer: User, at: datetime
) -> None:
    staff(name, 1, at)
    company = Company.objects.get()

    for address in (LIST, f"{LIST}{company.pk}/", f"{LIST}{company.pk}/merge/"):
        page = client.get(address)
        assert page.status_code == 200
        assert b"<script>alert" not in page.content
    assert found(marketer, q=name) in ([name], [])
