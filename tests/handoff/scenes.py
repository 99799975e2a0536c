"""Offers, people and moments that the tests of the hand-off are built from."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.test import Client

from leadflow.core.models import Absence, User
from leads.models import Lead, Offer
from tests.factories import people


def offers_of(rows: list[Lead]) -> list[Offer]:
    """The pending offers of these leads, in their order."""
    found = {offer.lead_id: offer for offer in Offer.objects.pending().filter(lead__in=rows)}
    return [found[row.pk] for row in rows]


def make_offers(count: int, *, at: datetime, **facts: object) -> list[Offer]:
    """Offers to sales that nobody has answered."""
    return offers_of(people.offered(at=at, count=count, **facts))


def signed_in(user: User) -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client


def make_absent(user: User, *, at: datetime) -> None:
    """`user` is away for a week around `at`."""
    Absence.objects.create(
        user=user, starts_at=at - timedelta(days=3), ends_at=at + timedelta(days=4)
    )


def together(*acts: Callable[[], object]) -> list[object]:
    """Run acts in threads that start at the same moment; results or exceptions in their order."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001  (what went wrong is what the test looks at)
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
