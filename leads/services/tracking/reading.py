"""What a stored report says: plain values, cut to what is kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from leadflow.core.errors import Invalid
from leads.engine.arrivals import Arrival, host_of, read_arrival, tidy_url
from leads.engine.identity import clean
from leads.engine.machines import Machine, name_machine
from leads.models import Activity, RawBeacon
from leads.services.tracking.tokens import read_visitor_token

IDENTIFY = "identify"  # reports who somebody is, and nothing they did
KINDS = Activity.TRACKED | {IDENTIFY}
MOST_PROPERTIES = 20
OURS = frozenset({"machine", "source", "text"})  # properties that mean something to us


@dataclass(frozen=True)
class Heard:
    """One report, understood; `visitor_id` only where the person agreed to be remembered."""

    raw_id: int
    at: datetime
    kind: str
    site_id: int | None
    visitor_id: UUID | None
    claimed_lead: int | None
    machine: Machine | None
    arrival: Arrival | None
    title: str
    url: str
    asset_key: str
    campaign_key: str
    properties: dict[str, Any]


def read_beacon(raw: RawBeacon, *, sites: Mapping[int, bool], inside: Collection[str]) -> Heard:
    """Understand a report; raises Invalid where it cannot be.

    `sites`: for each site that is left, whether it may remember visitors. `inside`: our host names.
    """
    said, headers = raw.said, raw.headers
    if not isinstance(said, dict) or read_text(said, "kind") not in KINDS:
        raise Invalid("A report says what was done.", field="kind")
    site_id = headers.get("site")
    visitor_id = _read_uuid(headers.get("visitor")) if sites.get(site_id, True) else None
    machine = name_machine(
        headers.get("agent", ""), headers.get("purpose", ""), is_remembered=visitor_id is not None
    )
    url, referrer = read_text(said, "url"), read_text(said, "referrer")
    arrival = read_arrival(url, referrer, host=host_of(url), inside=inside)
    has_come = said["kind"] == Activity.Kind.PAGE_VIEW and arrival.is_known
    return Heard(
        raw_id=raw.pk,
        at=raw.received_at,
        kind=said["kind"],
        site_id=site_id if site_id in sites else None,
        visitor_id=visitor_id,
        claimed_lead=_claimed_lead(said, at=raw.received_at) if visitor_id else None,
        machine=machine,
        arrival=arrival if has_come and not machine else None,
        title=clean(read_text(said, "title"), most=200),
        url=tidy_url(url),
        asset_key=clean(read_text(said, "asset"), most=80),
        campaign_key=arrival.campaign.lower(),
        properties=_properties(said, source=arrival.origin if has_come else "", machine=machine),
    )


def read_text(said: Mapping[str, Any], name: str) -> str:
    """A text in a report; "" where it is none."""
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _claimed_lead(said: Mapping[str, Any], *, at: datetime) -> int | None:
    token = read_text(said, "token")
    return read_visitor_token(token, at=at) if token else None


def _read_uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _properties(said: Mapping[str, Any], *, source: str, machine: Machine | None) -> dict[str, Any]:
    """What else was said: a few plain values, and how far a recording was watched, in percent."""
    told = said.get("properties")
    kept = {
        clean(name, most=60): clean(value, most=200) if isinstance(value, str) else value
        for name, value in list(told.items() if isinstance(told, dict) else ())[:MOST_PROPERTIES]
        if name not in OURS and isinstance(value, str | int | float | bool)
    }
    position = said.get("at")
    if isinstance(position, int | float) and 0 <= position <= 100:
        kept["at"] = position
    if source:
        kept["source"] = source
    if machine:
        kept["machine"] = str(machine)
    return kept
