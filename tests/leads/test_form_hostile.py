"""Whatever is thrown at a public form: a clear answer, never a crash, nothing half-written."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from leads import services as leads
from leads.models import Form, FormSubmission, Lead
from tests.leads.sending import process, send, slip

pytestmark = pytest.mark.django_db
URLENCODED = "application/x-www-form-urlencoded"
ADA = "email=ada%40example.com"
MULTIPART = "multipart/form-data; boundary=x"


def _part(head: str, text: str, *, end: str = "--x--") -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n{end}".encode()


@pytest.fixture(autouse=True)
def _crashes_are_raised(settings: Any) -> None:
    """A test client passes on what a server would answer 500."""
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True


def _post(
    body: bytes | str, kind: str = URLENCODED, path: str = "/f/paper/", **headers: str
) -> Any:
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return Client().generic("POST", path, data, kind, headers=headers)


@pytest.mark.parametrize("via", ["/f/paper/", "/f/paper/embed/"])
@pytest.mark.parametrize(
    ("more", "statuses"),
    [
        ("first_name=" + "x" * 10_000, {422}),
        ("first_name=" + "%F0%9F%98%80" * 100, {303}),
        ("first_name=%D7%A2%D7%91%D7%A8%D7%99%D7%AA%E2%80%AE", {303}),
        ("first_name=a%00b", {422}),
        ("first_name=%ED%A0%80", {303}),  # half a character, as UTF-8 never writes it
        ("first_name=%FF%FE%C0%80", {303}),
        ("fir%00st=x&%ED%A0%80=y", {303}),
        ("first_name=a&first_name=b&email=bob%40example.com", {303}),
        ("&".join(f"x{n}=y" for n in range(1_000)), {400}),
        ("&".join(f"x{n}=y" for n in range(900)), {303}),
        ("message=" + "x" * 190_000, {422}),
        ("message=" + "x" * 210_000, {413}),
        ("_extra=x&_extra=y&token=z", {422}),
        ("visitor=x&is_known=1&context=x&wording=x&page_url=%00&page_referrer=javascript:x", {303}),
        ("consent=on&consent=off", {303}),
        ("first_name=%", {303}),
        ("=&&&==&;", {303}),
    ],
)
def test_every_body_gets_a_clear_answer(
    form: Form, via: str, more: str, statuses: set[int]
) -> None:
    answer = _post(f"token={slip(form)}&{ADA}&{more}", path=via)

    assert answer.status_code in statuses
    is_kept = answer.status_code == 303
    assert FormSubmission.objects.exists() is is_kept
    process()
    assert Lead.objects.exists() is is_kept
    assert not FormSubmission.objects.exclude(state="done").exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"<x/>", "text/xml", 415),
        (b"email=ada@example.com", "text/plain", 415),
        (b"email=ada@example.com", "nonsense", 415),
        (b"--x\r\nnonsense", MULTIPART, 422),
        (b"--x", "multipart/form-data", 400),
        (b"--x", "multipart/form-data; boundary=\u00e9\u00e9", 400),
        (_part('name="email"', "ada@example.com", end=""), MULTIPART, 422),
        (_part('name="f"; filename="a"', "x"), MULTIPART, 422),
        (_part('name="email"\r\nContent-Transfer-Encoding: base64', "!!!"), MULTIPART, 422),
        (_part('name="first_name"', "+2AA-"), f"{MULTIPART}; charset=utf-7", 422),
        (b"email=%E4", f"{URLENCODED}; charset=latin-1", 400),
        (b"email=+2AA-", f"{URLENCODED}; charset=utf-7", 400),
        (b"email=a", f"{URLENCODED}; charset=no-such", 422),
        (b"", URLENCODED, 422),
        (b"\x00\xff" * 500, URLENCODED, 422),
    ],
)  # fmt: skip
def test_every_kind_of_body_gets_a_clear_answer(
    form: Form, body: bytes, kind: str, status: int
) -> None:
    page, said = _post(body, kind), _post(body, kind, accept="application/json")

    assert (page.status_code, said.status_code) == (status, status)
    assert said.json()["detail"]
    assert "role=" in page.content.decode()
    assert not FormSubmission.objects.exists()


def test_twenty_megabytes_are_refused_before_they_are_read(form: Form) -> None:
    answer = _post(b"message=" + b"x" * 20_000_000)

    assert answer.status_code == 413
    assert not FormSubmission.objects.exists()


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999", ""])
def test_a_length_that_is_none_is_refused_or_read_as_nothing(form: Form, length: str) -> None:
    answer = Client().generic("POST", "/f/paper/", b"", URLENCODED, CONTENT_LENGTH=length)

    assert answer.status_code in {413, 422}


@pytest.mark.parametrize(
    "token",
    ["x", "a:b:c", "." * 5_000, "eyJ4IjoxfQ:1abc:xyz", "\x00", "é", "\ud800"],
)
def test_a_made_up_slip_is_worth_nothing(form: Form, token: str) -> None:
    body = f"{ADA}&token=".encode() + token.encode("utf-8", "surrogatepass")

    assert _post(body).status_code == 422
    assert not FormSubmission.objects.exists()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/f/nothing/", 404),
        ("/f/" + "x" * 5_000 + "/", 404),
        ("/f/paper%00/", 404),
        ("/f/confirm/not-a-token/", 404),
        ("/f/paper/?utm_source=%00&utm_campaign=%ED%A0%80&" + "a=1&" * 300, 200),
        ("/f/paper/?all=%00", 200),
    ],
)
def test_every_address_gets_a_clear_answer(form: Form, path: str, status: int) -> None:
    assert Client().get(path).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": "http://[broken"}, {"referer": "\xff\x00"}, {"origin": "http://" + "x" * 5_000},
        {"origin": "http://a:b:c"}, {"accept": "\x00;q=x"}, {"cookie": "lf_consent=1; lf_visitor=\x00"},
        {"x-forwarded-for": "1.2.3.4, " * 1_000},
    ],
)  # fmt: skip
def test_every_header_gets_a_clear_answer(form: Form, headers: dict[str, str]) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])

    shown, sent = Client().get("/f/paper/", headers=headers), send(form, headers=headers)
    copied = send(form, headers=headers, token="")

    assert (shown.status_code, sent.status_code, copied.status_code) == (200, 303, 422)
    process()
    assert Lead.objects.count() == 1


def test_a_row_with_odd_fields_is_a_page_all_the_same(form: Form) -> None:
    Form.objects.update(fields=["x", {"name": 1}, {"name": "email", "type": [], "options": None}])

    assert Client().get("/f/paper/").status_code == 200
    assert settings.DATA_UPLOAD_MAX_NUMBER_FIELDS == 1_000


def test_what_marketing_writes_is_text_and_no_markup(
    form: Form, client: Client, marketer: Any
) -> None:
    evil = "<form action=//evil.example><b>x</b>"
    form.fields = [
        {"name": "email", "label": evil, "help": evil},
        {"name": "pick", "label": evil, "type": "choices", "options": [evil, "b"], "help": evil},
    ]
    Form.objects.update(
        fields=form.fields, name=evil, intro=evil, consent_text=evil, submit_label=evil, thanks=evil
    )
    client.force_login(marketer)
    address = f"/leads/forms/{form.pk}/"

    pages = [
        "/f/paper/",
        "/f/paper/embed/",
        "/f/paper/thanks/",
        address,
        f"{address}settings/",
        f"{address}share/",
    ]
    for page in pages:
        assert "evil.example><b>" not in client.get(page).content.decode(), page
    assert "evil.example><b>" not in client.get(f"{address}share/").context["copy_snippet"]
