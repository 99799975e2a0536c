"""Consent: every word dated and kept, the latest counts, whoever wrote it down."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import OutboxEvent, Role, User
from leads import queries
from leads import services as leads
from leads.models import Activity, Consent, Lead, Suppression, Visitor
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WORDING = "Yes, write to me."


@pytest.fixture
def lead(at: datetime) -> Lead:
    return people.inquiry(at=at, last_name="Lovelace", email="ada@example.com")


def latest(lead: Lead, purpose: str = "marketing") -> Consent | None:
    history = {one.purpose: one for one in queries.consent_history(lead=lead)}
    return history[purpose].latest


def give(lead: Lead, at: datetime, **said: Any) -> None:
    leads.record_consent(
        **{"lead_ids": [lead.pk], "purpose": "marketing", "source": "phone call", "at": at} | said
    )


def withdraw(lead: Lead, at: datetime, **said: Any) -> None:
    leads.withdraw_consent(
        **{"lead_ids": [lead.pk], "purpose": "marketing", "source": "phone call", "at": at} | said
    )


def test_each_word_stays_with_its_date_wording_and_who_wrote_it_down(
    lead: Lead, marketer: User, at: datetime
) -> None:
    give(lead, at, wording=WORDING, wording_version=3, by=marketer, note="Called back")
    withdraw(lead, at + HOUR)

    words = queries.consent_history(lead=lead)[0].words

    assert [(one.is_given, one.at) for one in words] == [(False, at + HOUR), (True, at)]
    assert (words[1].wording, words[1].wording_version, words[1].note) == (
        WORDING,
        3,
        "Called back",
    )
    assert (words[1].by, words[1].source) == (marketer, "phone call")


@pytest.mark.parametrize(("minutes", "is_given"), [(-5, False), (0, True), (5, True)])
def test_what_was_said_last_counts_not_what_was_written_down_last(
    lead: Lead, at: datetime, minutes: int, is_given: bool
) -> None:
    withdraw(lead, at)
    give(lead, at + timedelta(minutes=minutes))

    found = latest(lead)

    assert found is not None
    assert found.is_given is is_given


@pytest.mark.parametrize(("act", "kind"), [(give, "ConsentGiven"), (withdraw, "ConsentWithdrawn")])
def test_the_apps_above_are_told_both_ways(
    lead: Lead, at: datetime, act: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("leads.services.consent.events.publish", told.append)

    act(lead, at, purpose="phone")

    assert [(type(one).__name__, one.lead_ids, one.purpose) for one in told] == [
        (kind, (lead.pk,), "phone")
    ]


def test_an_event_from_before_purposes_is_still_understood(lead: Lead, at: datetime) -> None:
    from leadflow.core import events

    row = OutboxEvent(kind="ConsentWithdrawn", payload={"lead_ids": [lead.pk]}, at=at)

    assert events.restore(row).purpose == "marketing"  # type: ignore[attr-defined]


def test_an_unknown_purpose_is_refused_by_name(lead: Lead, at: datetime) -> None:
    with pytest.raises(
        Invalid, match="Choose one of: marketing, phone, letters, tracking"
    ) as found:
        give(lead, at, purpose="spam")
    assert found.value.field == "purpose"


def test_nobody_writes_for_a_lead_they_may_not_see(abroad: Lead, rep: User, at: datetime) -> None:
    give(abroad, at, by=rep)

    assert latest(abroad) is None


def test_writing_it_down_needs_the_right_role(lead: Lead, rep: User, at: datetime) -> None:
    rep.is_active = False

    with pytest.raises(NotAllowed, match="you may not edit leads"):
        give(lead, at, by=rep)


def test_withdrawing_remembered_visits_forgets_the_browser_and_keeps_what_they_did(
    lead: Lead, at: datetime
) -> None:
    visitor = Visitor.objects.create(lead=lead, first_seen_at=at, last_seen_at=at)
    other = people.inquiry(at=at)
    for person in (lead, other):  # somebody else has used this browser, too
        Activity.objects.create(lead=person, visitor=visitor, kind="page_view", occurred_at=at)

    withdraw(lead, at, purpose="tracking")

    assert not Visitor.objects.exists()
    assert {(one.lead_id, one.visitor_id) for one in Activity.objects.all()} == {
        (lead.pk, None),
        (other.pk, None),
    }


# The record page


def test_the_record_shows_every_purpose_and_its_history(
    lead: Lead, marketer: User, at: datetime, sign_in: Any
) -> None:
    give(lead, at, wording=WORDING, by=marketer, note="Very friendly")
    withdraw(lead, at + HOUR, purpose="letters")

    page = sign_in(marketer).get(f"/leads/{lead.pk}/").content.decode()

    for words in ("Marketing messages", "Phone calls", "Letters", "Remembering visits", WORDING,
                  "Very friendly", f"written down by {marketer}", "nothing said"):  # fmt: skip
        assert words in page


def test_the_record_asks_as_many_queries_for_a_long_history(
    lead: Lead, marketer: User, at: datetime, django_assert_num_queries: Any
) -> None:
    for hour in range(30):
        give(lead, at + hour * HOUR, by=marketer)

    with django_assert_num_queries(1):
        assert len(queries.consent_history(lead=lead)[0].words) == 30


SAID = {
    "purpose": "marketing",
    "answer": "given",
    "source": "Phone call",
    "wording": WORDING,
    "note": "Asked for news",
}


def test_a_word_is_written_down_by_hand(lead: Lead, rep: User, sign_in: Any) -> None:
    answer = sign_in(rep).post(f"/leads/{lead.pk}/consent/", SAID)

    found = latest(lead)
    assert answer.status_code == 302
    assert found is not None
    assert (found.is_given, found.by, found.source) == (True, rep, "phone call")
    assert (found.note, found.wording) == ("Asked for news", WORDING)


def test_an_earlier_day_can_be_given(lead: Lead, rep: User, sign_in: Any) -> None:
    sign_in(rep).post(f"/leads/{lead.pk}/consent/", SAID | {"on": "2026-03-01"})

    found = latest(lead)
    assert found is not None
    assert f"{found.at:%Y-%m-%d}" == "2026-03-01"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wording": ""}, "Write down what they agreed to."),
        ({"answer": ""}, "Say what they said."),
        ({"source": ""}, "Choose how they said it."),
        ({"on": "2999-01-01"}, "This day has not come yet."),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    lead: Lead, rep: User, sign_in: Any, change: dict[str, str], words: str
) -> None:
    answer = sign_in(rep).post(f"/leads/{lead.pk}/consent/", SAID | change)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Consent.objects.exists()


def test_a_withdrawal_needs_no_wording(lead: Lead, rep: User, sign_in: Any) -> None:
    sign_in(rep).post(
        f"/leads/{lead.pk}/consent/",
        SAID | {"answer": "withdrawn", "wording": "", "purpose": "phone"},
    )

    found = latest(lead, "phone")
    assert found is not None
    assert not found.is_given


# The API


def test_the_api_reads_and_appends(lead: Lead, marketer: User, api: Any) -> None:
    client, address = api(marketer), f"/api/v1/leads/{lead.pk}/consents/"
    said = {"purpose": "marketing", "is_given": True, "wording": WORDING, "source": "shop"}

    made = client.post(address, said, content_type="application/json")
    listed = client.get(address).json()["results"]

    assert made.status_code == 201
    assert made.json()["by"] == marketer.email
    assert [(one["is_given"], one["source"]) for one in listed] == [(True, "shop")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "spam"}, "purpose"),
        ({"wording": ""}, "wording"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"source": ""}, "source"),
        ({"is_given": "perhaps"}, "is_given"),
    ],
)
def test_the_api_names_what_does_not_fit(
    lead: Lead, marketer: User, api: Any, change: dict[str, str], field: str
) -> None:
    said = {"purpose": "marketing", "is_given": True, "wording": WORDING, "source": "shop"} | change

    answer = api(marketer).post(
        f"/api/v1/leads/{lead.pk}/consents/", said, content_type="application/json"
    )

    assert answer.status_code == 400
    assert field in answer.json()
    assert not Consent.objects.exists()


# Who had asked to be forgotten and comes back


def forget(lead: Lead, by: User, at: datetime) -> None:
    leads.erase_leads(lead_ids=[lead.pk], by=by, at=at)


def send_form(form: Any, at: datetime, **values: Any) -> Lead:
    leads.receive_submission(
        form=form, values={"email": "ada@example.com", **values}, token=str(at), visitor_id=None,
        source="", at=at,
    )  # fmt: skip
    leads.process_submissions(at=at + timedelta(minutes=1))
    return Lead.objects.get(email="ada@example.com")


def test_a_form_brings_a_forgotten_person_back_in_silence(
    lead: Lead, form: Any, manager: User, at: datetime
) -> None:
    forget(lead, manager, at)

    again = send_form(form, at + HOUR)

    assert again.pk != lead.pk
    words = {one.purpose: one.latest for one in queries.consent_history(lead=again) if one.latest}
    assert words.keys() == {"marketing", "phone", "letters"}
    assert {(one.is_given, one.source) for one in words.values()} == {
        (False, "asked to be forgotten")
    }
    assert Suppression.objects.exists()


def test_agreeing_anew_in_the_same_form_ends_the_silence(
    lead: Lead, form: Any, manager: User, at: datetime
) -> None:
    forget(lead, manager, at)

    again = send_form(form, at + HOUR, consent=True)

    found = latest(again)
    assert found is not None
    assert found.is_given
    assert queries.why_silent("ada@example.com") == []


def test_agreeing_to_something_else_does_not(
    lead: Lead, form: Any, manager: User, at: datetime
) -> None:
    forget(lead, manager, at)
    again = send_form(form, at + HOUR)

    give(again, at + 2 * HOUR, purpose="phone")

    assert queries.why_silent("ada@example.com") != []


def test_an_address_of_somebody_forgotten_is_given_to_nobody_by_hand(
    lead: Lead, manager: User, at: datetime
) -> None:
    forget(lead, manager, at)
    other = people.inquiry(at=at)
    person = leads.Person(facts={"email": "ada@example.com"})

    with pytest.raises(Conflict, match="asked to be forgotten") as found:
        leads.correct_facts(lead_id=other.pk, person=person, by=manager, at=at)
    assert found.value.field == "email"


@pytest.mark.parametrize("role", list(Role))
def test_everybody_who_edits_leads_may_write_it_down(
    lead: Lead, at: datetime, sign_in: Any, role: Role
) -> None:
    user = people.user(role)
    Lead.objects.filter(pk=lead.pk).update(owner=user)

    assert sign_in(user).post(f"/leads/{lead.pk}/consent/", SAID).status_code == 302
