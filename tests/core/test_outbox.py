"""What is published reaches every subscriber, however its handlers behave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from leadflow.core import events, outbox
from leadflow.core.events import Event
from leadflow.core.models import Delivery, OutboxEvent


@dataclass(frozen=True, kw_only=True)
class ThingsHappened(Event):
    ids: tuple[int, ...]


received: list[ThingsHappened] = []


def remember(event: ThingsHappened) -> None:
    received.append(event)


def break_down(event: ThingsHappened) -> None:
    raise RuntimeError("this handler has a bug")


@pytest.fixture(autouse=True)
def _subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_subscribers", {})
    received.clear()
    events.subscribe(ThingsHappened, remember)


@pytest.mark.django_db
def test_a_subscriber_gets_the_event_as_it_was_published(at: datetime) -> None:
    event = ThingsHappened(at=at, ids=(1, 2))
    events.publish(event)

    outbox.deliver_due(at=timezone.now())

    assert received == [event]


@pytest.mark.django_db
def test_nothing_is_published_when_the_change_is_rolled_back(at: datetime) -> None:
    with transaction.atomic():
        events.publish(ThingsHappened(at=at, ids=(1,)))
        transaction.set_rollback(True)

    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_a_broken_handler_does_not_stop_the_others(at: datetime) -> None:
    events.subscribe(ThingsHappened, break_down)
    events.publish(ThingsHappened(at=at, ids=(1,)))

    outbox.deliver_due(at=timezone.now())

    assert len(received) == 1
    assert Delivery.objects.get(state="pending").error == "RuntimeError: this handler has a bug"


@pytest.mark.django_db
def test_a_failed_delivery_is_tried_again_until_its_handler_works(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    events.subscribe(ThingsHappened, break_down)
    events.publish(ThingsHappened(at=at, ids=(1,)))
    moment = timezone.now()
    for _ in range(30):
        outbox.deliver_due(at=moment)
        moment += timedelta(hours=2)
    assert len(received) == 1
    assert Delivery.objects.get(state="pending").attempts == 30

    handlers = events.subscribers_of("ThingsHappened")
    (name,) = (name for name in handlers if name.endswith("break_down"))
    monkeypatch.setitem(events._subscribers["ThingsHappened"], name, remember)
    outbox.deliver_due(at=moment)

    assert len(received) == 2
    assert not Delivery.objects.filter(state="pending").exists()


@pytest.mark.django_db
def test_a_delivery_happens_once_however_often_the_sweep_runs(at: datetime) -> None:
    events.publish(ThingsHappened(at=at, ids=(1,)))

    outbox.deliver_due(at=timezone.now())
    outbox.deliver_due(at=timezone.now())

    assert len(received) == 1


@pytest.mark.django_db
def test_old_delivered_events_are_dropped_and_waiting_ones_kept(at: datetime) -> None:
    events.publish(ThingsHappened(at=at, ids=(1,)))
    outbox.deliver_due(at=timezone.now())
    events.publish(ThingsHappened(at=at, ids=(2,)))

    outbox.drop_delivered(at=timezone.now() + timedelta(days=31))

    assert OutboxEvent.objects.get().payload == {"ids": [2]}
