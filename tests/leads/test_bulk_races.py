"""Two at once: an act is started once and each of its leads is handled once."""

import threading
import uuid
from datetime import datetime

import pytest
from django.db import connections

from leadflow.core.models import User
from leads import services as leads
from leads.models import BulkItem, Lead, StageChange
from leads.services import bulk
from tests.factories import people

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_at_once_do_each_lead_once(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 20)
    rows = people.inquiries(300, at=at)
    chosen = Lead.objects.filter(pk__in=[row.pk for row in rows])
    act = leads.start_bulk(
        verb="offer", said={}, chosen=chosen, token=uuid.uuid4(), by=marketer, at=at
    )
    handled: list[int] = []

    def work() -> None:
        try:
            handled.extend(leads.run_bulk_acts(at=at) for _ in range(50))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    act.refresh_from_db()
    assert sum(handled) == 300
    assert (act.state, act.done, act.refused) == ("done", 300, 0)
    assert StageChange.objects.filter(verb="offer").count() == 300


def test_the_same_form_sent_twice_at_once_is_one_act(at: datetime, marketer: User) -> None:
    people.inquiries(20, at=at)
    token, found = uuid.uuid4(), []

    def send() -> None:
        try:
            act = leads.start_bulk(
                verb="offer", said={}, chosen=Lead.objects.all(), token=token, by=marketer, at=at
            )
            found.append(act.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == 6
    assert BulkItem.objects.count() == 20
