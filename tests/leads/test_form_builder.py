"""Building forms: what services keep and refuse, and the pages that do it without a script."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import services as leads
from leads.engine.questions import Question
from leads.models import Form, FormSubmission

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(marketer)


def _names(form: Form) -> list[str]:
    return [row["name"] for row in Form.objects.get(pk=form.pk).fields]


def test_a_new_form_asks_the_usual_and_gets_a_free_address(form: Form, at: datetime) -> None:
    made = leads.create_form(values={"name": "Paper"}, at=at)

    assert made.slug == "paper-2"
    assert _names(made) == ["first_name", "last_name", "email", "company"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"slug": "paper"}, "slug"),
        ({"slug": "confirm"}, "slug"),
        ({"consent_text": "", "consent_required": True}, "consent_text"),
        ({"consent_text": "", "is_double_opt_in": True}, "consent_text"),
    ],
)
def test_settings_that_do_not_fit_are_refused_at_their_field(
    form: Form, at: datetime, values: dict[str, Any], field: str
) -> None:
    other = leads.create_form(values={"name": "Other"}, at=at)

    with pytest.raises(Invalid) as refusal:
        leads.change_form(form_id=other.pk, values=values)

    assert refusal.value.field == field
    assert Form.objects.get(pk=other.pk).slug == "other"


def test_double_opt_in_needs_an_address_to_write_to(form: Form) -> None:
    leads.remove_question(form_id=form.pk, name="email")

    with pytest.raises(Invalid, match="Ask for the e-mail address first"):
        leads.change_form(form_id=form.pk, values={"is_double_opt_in": True})


def test_an_address_that_is_asked_to_be_confirmed_stays_on_the_form(form: Form) -> None:
    leads.change_form(form_id=form.pk, values={"is_double_opt_in": True})

    with pytest.raises(Invalid, match="double opt-in"):
        leads.remove_question(form_id=form.pk, name="email")


def test_the_version_of_the_consent_rises_with_its_wording_alone(form: Form) -> None:
    changes = [
        {"consent_text": "Yes, send me news."},
        {"consent_text": "Yes, send me more news."},
        {"name": "Another name"},
        {"consent_text": ""},
        {"consent_text": "Yes again."},
    ]

    versions = [
        leads.change_form(form_id=form.pk, values=values).consent_version for values in changes
    ]

    assert versions == [1, 2, 2, 3, 3]


def test_questions_move_one_place_and_stay_at_the_ends(form: Form) -> None:
    leads.shift_question(form_id=form.pk, name="email", steps=-1)
    leads.shift_question(form_id=form.pk, name="email", steps=-1)
    leads.shift_question(form_id=form.pk, name="message", steps=1)

    assert _names(form) == ["email", "first_name", "phone", "message"]


def test_the_last_question_that_tells_who_somebody_is_stays(form: Form) -> None:
    leads.remove_question(form_id=form.pk, name="email")

    with pytest.raises(Invalid, match="nobody knows who has sent it"):
        leads.remove_question(form_id=form.pk, name="phone")
    assert "phone" in _names(form)


def test_a_question_of_ones_own_gets_a_key(form: Form) -> None:
    question = Question("", "How many machines?", "number")

    leads.add_question(form_id=form.pk, question=question)
    leads.add_question(form_id=form.pk, question=question)

    assert _names(form)[-2:] == ["how_many_machines", "how_many_machines_2"]


def test_a_question_that_is_gone_cannot_be_changed(form: Form) -> None:
    for act in (
        lambda: leads.change_question(form_id=form.pk, question=Question("gone", "Gone")),
        lambda: leads.shift_question(form_id=form.pk, name="gone", steps=1),
    ):
        with pytest.raises(Conflict, match="no longer on the form"):
            act()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["www.Example.com", "https://shop.example/x", "www.example.com"], ["www.example.com", "shop.example"]),
        ([], []),
    ],
)  # fmt: skip
def test_sites_are_kept_as_host_names(form: Form, said: list[str], kept: list[str]) -> None:
    assert leads.allow_hosts(form_id=form.pk, hosts=said).allowed_hosts == kept


@pytest.mark.parametrize("said", ["", "a b", "*", "'self'", "https://", "x; script-src *"])
def test_what_is_no_host_name_is_refused(form: Form, said: str) -> None:
    with pytest.raises(Invalid, match="no host name"):
        leads.allow_hosts(form_id=form.pk, hosts=[said])


def test_a_copy_is_another_form_and_switched_off(form: Form, at: datetime) -> None:
    copy = leads.duplicate_form(form_id=form.pk, at=at)

    assert (copy.slug, copy.is_active) == ("get-the-white-paper-copy", False)
    assert copy.fields == form.fields
    assert Form.objects.count() == 2


def test_a_form_that_was_sent_is_not_deleted(form: Form, at: datetime) -> None:
    FormSubmission.objects.create(form=form, token="x", values={}, received_at=at)

    with pytest.raises(Conflict, match="Switch it off instead"):
        leads.delete_form(form_id=form.pk)

    FormSubmission.objects.all().delete()
    leads.delete_form(form_id=form.pk)
    assert not Form.objects.exists()


def test_a_form_is_built_without_a_script(client: Client) -> None:
    made = client.post("/leads/forms/new/", {"name": "Ask us"}, follow=True)
    form = Form.objects.get()
    address = f"/leads/forms/{form.pk}/"
    client.post(f"{address}facts/", {"name": "phone"})
    client.post(f"{address}questions/phone/shift/", {"to": "up"})
    client.post(
        f"{address}questions/new/?kind=choice",
        {"label": "Budget?", "options": "small\nlarge\n\nlarge", "is_required": "on"},
    )
    client.post(f"{address}questions/company/remove/")
    page = client.get(address).content.decode()

    assert made.redirect_chain == [(address, 302)]
    assert _names(form) == ["first_name", "last_name", "email", "phone", "budget"]
    assert Form.objects.get().fields[-1]["options"] == ["small", "large"]
    assert "Budget?" in page
    assert "Budget?" in Client().get("/f/ask-us/").content.decode()


def test_what_is_refused_is_said_and_what_was_typed_stays(client: Client, form: Form) -> None:
    address = f"/leads/forms/{form.pk}/"

    removed = [
        client.post(f"{address}questions/{n}/remove/", follow=True) for n in ("email", "phone")
    ]
    asked = client.post(f"{address}questions/new/?kind=choice", {"label": "Why?", "options": "one"})
    settings = client.post(
        f"{address}settings/", {"name": "", "slug": "paper", "thanks": "Thank you"}
    )
    shared = client.post(f"{address}share/", {"allowed_hosts": "not a host"})

    assert "nobody knows who has sent it" in removed[1].content.decode()
    assert asked.status_code == 400
    assert "Give at least two answers" in asked.content.decode()
    assert 'value="Why?"' in asked.content.decode()
    assert settings.status_code == 422
    assert "This field is required" in settings.content.decode()
    assert shared.status_code == 422
    assert "no host name" in shared.content.decode()
    assert "not a host" in shared.content.decode()


def test_settings_are_saved_and_shown_before(client: Client, form: Form) -> None:
    address = f"/leads/forms/{form.pk}/"
    said = {
        "name": "Another name", "slug": "paper", "thanks": "Thank you", "consent_text": "Yes, please.",
        "redirect_url": "example.com/next", "most_questions": "2", "campaign": form.campaign_id,
    }  # fmt: skip

    preview = client.post(f"{address}preview/", said).content.decode()
    before = Form.objects.get().name
    answer = client.post(f"{address}settings/", said)

    form.refresh_from_db()
    assert "Another name" in preview
    assert "Asked the next time" in preview
    assert before == "Get the white paper"
    assert answer.status_code == 302
    assert (form.name, form.consent_version, form.most_questions) == ("Another name", 2, 2)
    assert form.redirect_url == "https://example.com/next"
    assert (form.asset, form.campaign_id) == (None, said["campaign"])


@pytest.mark.parametrize("url", ["ftp://example.com/x", "javascript:alert(1)"])
def test_only_pages_come_afterwards(client: Client, form: Form, url: str) -> None:
    said = {"name": "x", "slug": "paper", "thanks": "x", "redirect_url": url}

    answer = client.post(f"/leads/forms/{form.pk}/settings/", said)

    assert answer.status_code == 422
    assert Form.objects.get().redirect_url == ""


def test_a_piece_is_answered_with_a_piece(client: Client, form: Form) -> None:
    htmx = {"HX-Request": "true"}
    address = f"/leads/forms/{form.pk}/questions"

    moved = client.post(f"{address}/email/shift/", {"to": "up"}, headers=htmx).content.decode()
    client.post(f"{address}/phone/remove/", headers=htmx)
    refused = client.post(f"{address}/email/remove/", headers=htmx)

    assert moved.lstrip().startswith('<div class="split')
    assert moved.index("Work e-mail") < moved.index("First name")
    assert refused.status_code == 400
    assert "nobody knows who has sent it" in refused["HX-Trigger"]


def test_switching_off_duplicating_and_deleting(client: Client, form: Form) -> None:
    address = f"/leads/forms/{form.pk}/"

    client.post(f"{address}switch/", {"to": "off"})
    assert Client().get("/f/paper/").status_code == 404
    copied = client.post(f"{address}duplicate/")
    copy = Form.objects.exclude(pk=form.pk).get()
    deleted = client.post(f"/leads/forms/{copy.pk}/delete/")

    assert copied.url == f"/leads/forms/{copy.pk}/"
    assert deleted.url == "/leads/forms/"
    assert Form.objects.count() == 1


def test_the_snippets_hold_what_a_site_needs(client: Client, form: Form) -> None:
    leads.add_question(form_id=form.pk, question=Question("", "Partner", "hidden", param="p"))

    page = client.get(f"/leads/forms/{form.pk}/share/").content.decode()

    assert "http://testserver/f/paper/embed/" in page
    assert "&lt;iframe src=" in page
    assert "http://testserver/static/embed.js" in page
    assert "&lt;input type=&quot;email&quot; name=&quot;email&quot;" in page
    assert "name=&quot;partner&quot;" in page
    assert "name=&quot;wording&quot;" in page
    assert "name=&quot;website&quot;" in page
    assert "csrfmiddlewaretoken&quot;" not in page


def test_the_list_takes_the_same_queries_for_many_forms(
    client: Client, form: Form, at: datetime, django_assert_num_queries: Any
) -> None:
    client.get("/leads/forms/")
    with django_assert_num_queries(3) as few:
        client.get("/leads/forms/")
    for number in range(100):
        made = Form.objects.create(slug=f"f{number}", name=f"F{number}", fields=form.fields)
        FormSubmission.objects.create(form=made, token=str(number), values={}, received_at=at)

    with django_assert_num_queries(len(few)):
        page = client.get("/leads/forms/").content.decode()
    assert "F99" in page
