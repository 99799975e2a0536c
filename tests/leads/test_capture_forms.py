"""Public forms: what is sent is kept once, understood later, and never answered with a crash."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Consent, Form, FormSubmission, Lead
from leads.views import limits, slips
from leads.views.slips import Slip
from tests.factories import people

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def _token(form: Form, *, seconds_ago: float = 5, **said: Any) -> str:
    at = timezone.now().timestamp() - seconds_ago
    wording = (form.consent_version, form.consent_text)
    said = {"wording": wording, "asked": [field["name"] for field in form.fields]} | said
    return slips.seal(Slip(form=form.pk, id="abc", at=at, **said))


def _send(form: Form, client: Client | None = None, headers: Any = None, **values: Any) -> Any:
    values = {"token": _token(form), "email": "ada@example.com"} | values
    return (client or Client()).post(f"/f/{form.slug}/", values, headers=headers)


def _process() -> int:
    return leads.process_submissions(at=timezone.now())


def test_the_page_shows_the_fields_of_its_row(form: Form) -> None:
    page = Client().get("/f/paper/").content.decode()

    assert 'name="email"' in page
    assert "Yes, send me news." in page
    assert 'name="token"' in page


def test_a_form_that_is_switched_off_is_not_there(form: Form) -> None:
    Form.objects.update(is_active=False)

    assert Client().get("/f/paper/").status_code == 404


def test_sending_answers_303_to_the_thanks_with_the_download(form: Form) -> None:
    answer = _send(form, first_name="Ada", phone="+49 30 1234567", consent="on")

    assert (answer.status_code, answer.url) == (303, "/f/paper/thanks/")
    assert 'data-track="download" data-asset="leaks"' in Client().get(answer.url).content.decode()


def test_what_was_sent_becomes_a_lead_with_consent_interest_and_activity(form: Form) -> None:
    _send(form, first_name="Ada", phone="+49 30 1234567", consent="on", message="Call me")

    assert _process() == 1
    lead = Lead.objects.get()
    assert (lead.email, lead.phone, lead.stage) == ("ada@example.com", "+49301234567", "inquiry")
    assert lead.campaign == form.campaign
    assert list(lead.products.all()) == [form.product]
    assert Consent.objects.get(lead=lead).wording == "Yes, send me news."
    said = Activity.objects.get(lead=lead)
    assert (said.kind, said.asset, said.properties["text"]) == ("form", form.asset, "Call me")


def test_json_is_answered_where_it_is_accepted(form: Form) -> None:
    token = Client().get("/f/paper/", headers=JSON).json()["token"]

    fresh = _send(form, headers=JSON, token=token)
    later = _send(form, headers=JSON)

    assert fresh.status_code == 422
    assert later.status_code == 201
    assert later.json() == {"detail": form.thanks}


def test_the_same_submission_twice_is_one(form: Form) -> None:
    token = _token(form)

    answers = [_send(form, token=token).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert FormSubmission.objects.count() == 1


def test_a_corrected_submission_from_the_same_page_is_kept_too(form: Form) -> None:
    token = _token(form)

    _send(form, token=token, email="ada@exmaple.com")
    _send(form, token=token, email="ada@example.com")

    assert FormSubmission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_concurrent_posts_of_one_submission_make_one_lead(form: Form) -> None:
    token = _token(form)

    def post(_: int) -> int:
        try:
            status = _send(form, token=token).status_code
            leads.process_submissions(at=timezone.now())
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(50)))

    _process()
    assert set(answers) == {303}
    assert FormSubmission.objects.count() == 1
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "not an address"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"first_name": "x" * 10_000}, "first_name"),
        ({"first_name": "a\x00b"}, "first_name"),
    ],
)
def test_a_bad_value_is_named_at_its_field_and_what_was_typed_stays(
    form: Form, values: dict[str, str], field: str
) -> None:
    answer = _send(form, **({"first_name": "Grace"} | values))
    fields = _send(form, headers=JSON, **values).json()["errors"]

    assert answer.status_code == 422
    assert values.get("first_name", "Grace")[:9].replace(
        "\x00", ""
    ) in answer.content.decode().replace("\x00", "")
    assert list(fields) == [field]
    assert not FormSubmission.objects.exists()


@pytest.mark.parametrize(
    "name", ["😀 emoji", "עברית מימין לשמאל", "Ω≈ç√∫", "<script>alert(1)</script>", "O'Brien; --"]
)
def test_any_writing_is_kept_as_it_came(form: Form, name: str) -> None:
    assert _send(form, first_name=name).status_code == 303

    _process()
    assert Lead.objects.get().first_name == name


def test_fields_nobody_asked_for_are_no_trouble(form: Form) -> None:
    some = _send(form, **{f"x{n}": "y" for n in range(200)})
    very_many = _send(form, **{f"x{n}": "y" for n in range(1_000)})

    assert some.status_code == 303
    assert len(FormSubmission.objects.get().values["_extra"]) == 50
    assert very_many.status_code == 400
    assert "not what the form asks for" in very_many.content.decode()


def test_fields_the_form_does_not_list_are_kept_apart_and_say_nothing_of_the_person(
    form: Form,
) -> None:
    form.consent_text = ""
    form.save(update_fields=["consent_text"])

    _send(form, job_title="Spy", company="Acme", country="DE", consent="on", _extra="x")
    _process()

    lead, sent = Lead.objects.get(), FormSubmission.objects.get()
    assert (lead.job_title, lead.company, lead.country) == ("", None, "")
    assert not Consent.objects.exists()
    assert sent.values["_extra"] == {
        "job_title": "Spy", "company": "Acme", "country": "DE", "consent": "on", "_extra": "x",
    }  # fmt: skip


def test_consent_is_noted_only_where_the_form_asks_for_it(form: Form) -> None:
    Form.objects.update(consent_text="")
    FormSubmission.objects.create(
        form=form, token="x", values={"email": "ada@example.com", "consent": True},
        received_at=timezone.now(),
    )  # fmt: skip
    _process()

    assert Lead.objects.exists()
    assert not Consent.objects.exists()


def test_a_body_of_20_megabytes_is_refused(form: Form) -> None:
    answer = _send(form, message="x" * 20_000_000)

    assert answer.status_code == 413
    assert not FormSubmission.objects.exists()


def test_half_a_multipart_body_is_refused(form: Form) -> None:
    answer = Client().post(
        "/f/paper/", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=x"
    )

    assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "values",
    [{"token": ""}, {"token": "forged:1:x"}, {"website": "http://spam.example"}],
    ids=["no token", "forged token", "honeypot"],
)
def test_what_no_person_sends_is_turned_away_with_a_reason(form: Form, values: Any) -> None:
    answer = _send(form, **values)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not FormSubmission.objects.exists()


def test_faster_than_people_write_is_turned_away_and_the_same_page_works_later(form: Form) -> None:
    assert _send(form, token=_token(form, seconds_ago=0)).status_code == 422
    assert _send(form, token=_token(form, seconds_ago=2)).status_code == 303


def test_a_token_of_another_form_does_not_fit(form: Form) -> None:
    other = Form.objects.create(slug="other", name="Other", fields=form.fields)

    assert _send(form, token=_token(other)).status_code == 422


def test_a_flood_from_one_address_is_answered_429_and_others_are_not(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "form", "3/minute")
    flood = [_send(form, email=f"x{n}@example.com").status_code for n in range(5)]
    other = _send(form, Client(REMOTE_ADDR="10.0.0.9"), email="other@example.com")
    liar = _send(form, headers={"x-forwarded-for": "1.2.3.4"}, email="liar@example.com")

    assert flood == [303, 303, 303, 429, 429]
    assert other.status_code == 303
    assert liar.status_code == 429
    assert liar["Retry-After"] == "60"


def test_addresses_are_counted_without_redis(
    form: Form, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(limits, "_redis_back_at", 0.0)
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    limits._redis.cache_clear()

    assert _send(form).status_code == 303
    limits._redis.cache_clear()


def test_a_known_person_keeps_what_was_known(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="ada@example.com", first_name="Augusta")

    _send(form, first_name="Ada", phone="+49 30 1234567")
    _process()

    lead = Lead.objects.get()
    assert (lead.first_name, lead.phone) == ("Augusta", "+49301234567")


@pytest.mark.parametrize(
    ("known", "is_found"),
    [
        ([{"email": ""}], True),
        ([{"email": "bob@example.com"}], False),
        ([{"email": ""}, {"email": ""}], False),
        ([{"email": ""}, {"email": "bob@example.com"}], True),
    ],
    ids=["a number alone", "somebody with an address", "two with the number", "one of them"],
)
def test_a_number_finds_whom_it_alone_tells_apart(
    form: Form, at: datetime, known: list[dict[str, str]], is_found: bool
) -> None:
    rows = [people.inquiry(at=at, phone="+49301234567", **facts) for facts in known]
    Form.objects.update(fields=[{"name": "first_name"}, {"name": "phone"}])

    _send(form, email="", first_name="Grace", phone="+49 30 1234567")
    _process()

    assert FormSubmission.objects.get().state == "done"
    assert (FormSubmission.objects.get().lead == rows[0]) is is_found
    assert Lead.objects.count() == len(rows) + (not is_found)


@pytest.mark.django_db(transaction=True)
def test_a_lock_held_for_too_long_leaves_a_submission_waiting(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="ada@example.com")
    _send(form, phone="+49 30 1234567")
    other: Any = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM leads_lead WHERE id = %s FOR UPDATE", [lead.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        assert _process() == 1
    finally:
        other.close()
        connection.cursor().execute("RESET lock_timeout")
    assert FormSubmission.objects.get().state == "received"

    assert leads.process_submissions(at=timezone.now() + timedelta(seconds=3)) == 1

    assert FormSubmission.objects.get().state == "done"
    assert Lead.objects.get().phone == "+49301234567"


def test_a_submission_that_cannot_be_understood_stands_alone_and_can_be_tried_again(
    form: Form, marketer: User, sign_in: Callable[[User], Client]
) -> None:
    _send(form, email="good@example.com")
    bad = FormSubmission.objects.create(
        form=form, token="x", values={"email": "broken"}, received_at=timezone.now()
    )
    _process()
    bad.refresh_from_db()
    assert (bad.state, Lead.objects.count()) == ("failed", 1)
    page = sign_in(marketer).get("/leads/forms/").content.decode()
    assert "Process again" in page

    FormSubmission.objects.filter(pk=bad.pk).update(values={"email": "mended@example.com"})
    answer = sign_in(marketer).post(f"/leads/forms/{form.pk}/reprocess/")

    bad.refresh_from_db()
    assert (answer.status_code, bad.state, Lead.objects.count()) == (302, "done", 2)


def test_the_source_of_the_address_reaches_the_lead(form: Form) -> None:
    _send(form, token=_token(form, source="newsletter"))
    _process()

    assert Lead.objects.get().source == "newsletter"


def test_the_number_of_queries_does_not_grow_with_the_batch(form: Form) -> None:
    at = datetime(2026, 3, 3, tzinfo=UTC)
    counts = []
    for batch, size in (("a", 10), ("b", 100)):
        for n in range(size):
            leads.receive_submission(
                form=form,
                values={"email": f"{batch}{n}@example.com", "company": f"C{n}", "consent": True},
                token=f"{batch}{n}",
                visitor_id=None,
                source="",
                context={"arrival": {"source": "news", "campaign": "expo"}},
                at=at + timedelta(seconds=n),
            )
        with CaptureQueriesContext(connection) as queries:
            _process()
        counts.append(len(queries))

    assert counts[0] == counts[1] < 75
    assert Lead.objects.count() == 110
