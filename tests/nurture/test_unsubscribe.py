"""One click is enough, a look changes nothing, and a forged link leads nowhere."""

from datetime import datetime, timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from leads.models import Consent
from nurture import services as nurture
from nurture.models import Enrollment, Message, Suppression
from nurture.rendering import unsubscribe_url
from tests.nurture.conftest import Sink, queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(at: datetime) -> Message:
    return queued(at=at.replace(day=4))[0]


@pytest.fixture
def path(message: Message) -> str:
    return "/m/" + unsubscribe_url(message).split("/m/")[1]


def test_a_look_changes_nothing(client: Client, path: str) -> None:
    for _ in range(3):
        assert client.get(path).status_code == 200
    client.head(path)
    assert not Suppression.objects.exists()
    assert not Consent.objects.filter(is_given=False).exists()


def test_one_click_works_without_cookies_and_twice(path: str, message: Message) -> None:
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = strict.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert Consent.objects.filter(is_given=False, lead=message.lead).count() == 1
    assert Enrollment.objects.get().exit_reason == "unsubscribed"
    assert Message.objects.get().state == "cancelled"
    assert Suppression.objects.count() == 1


def test_the_address_is_kept_as_a_hash_only(path: str, client: Client, message: Message) -> None:
    client.post(path)
    assert message.to_address not in Suppression.objects.get().address_hash


@pytest.mark.parametrize(
    "token", ["x", "WzEsMV0:abc", signing.Signer(salt="other").sign_object([1, 1])]
)
def test_a_forged_link_leads_nowhere(client: Client, token: str) -> None:
    address = reverse("nurture_public:unsubscribe", args=[token])
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404


def test_somebody_who_changes_their_mind_gets_mail_again(
    client: Client, path: str, sink: Sink, message: Message
) -> None:
    client.post(path)
    assert "You are unsubscribed" in client.get(path).content.decode()
    client.post(path, {"action": "resubscribe"})
    assert "What would you like to receive?" in client.get(path).content.decode()
    assert not Suppression.objects.exists()


def test_whoever_unsubscribed_does_not_enter_again(path: str, client: Client, at: datetime) -> None:
    client.post(path)
    assert nurture.enroll_due(at=at + timedelta(days=400)) == 0
