"""What tests of tracking do again and again: report as a browser would, and have it understood."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone

from leads import services as leads

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


def report(client: Client | None = None, headers: Any = None, **said: Any) -> Any:
    """Post a report of a page view, as the script does; returns the answer."""
    said = {"kind": "page_view", "url": "http://testserver/c/leaks/"} | said
    headers = {"user-agent": BROWSER} | (headers or {})
    return (client or Client()).post(
        "/t/", json.dumps(said), content_type="text/plain", headers=headers
    )


def see(client: Client | None = None, headers: Any = None, **said: Any) -> Any:
    """Report, and have it understood."""
    answer = report(client, headers, **said)
    leads.process_beacons(at=timezone.now())
    return answer


def of_shop(**said: Any) -> dict[str, Any]:
    """What a page of the site `shopkey` says."""
    return {"key": "shopkey", "url": "https://shop.example/pumps/"} | said


def remembered() -> tuple[Client, UUID]:
    """A browser that agreed to be remembered on our own pages."""
    client, visitor = Client(), uuid4()
    client.cookies["lf_visitor"] = str(visitor)
    client.cookies["lf_consent"] = "1"
    return client, visitor
