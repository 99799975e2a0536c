"""Facts go up as events: published inside the transaction, delivered after it, never lost."""

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction

from leadflow.core import nudges
from leadflow.core.models import Delivery, OutboxEvent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """A past-tense fact: ids and the time it happened, nothing that could go stale."""

    at: datetime


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_kinds: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Handler]] = {}


def subscribe(kind: type[E], handler: Callable[[E], None]) -> None:
    """Call `handler` with every event of `kind`, at least once; it must be safe to run twice."""
    name = f"{handler.__module__}.{handler.__qualname__}"
    _kinds[kind.__name__] = kind
    _subscribers.setdefault(kind.__name__, {})[name] = handler


def subscribers_of(kind: str) -> dict[str, Handler]:
    """Handlers by subscriber name for one kind of event."""
    return dict(_subscribers.get(kind, {}))


def kind_called(name: str) -> type[Event]:
    """The event class with that name; raises KeyError when nobody subscribes to it."""
    return _kinds[name]


def subscriptions() -> dict[str, list[str]]:
    """Subscriber names by kind of event, for the reference page."""
    return {kind: sorted(handlers) for kind, handlers in sorted(_subscribers.items())}


def publish(event: Event) -> None:
    """Write `event` to the outbox with one delivery per subscriber; part of the caller's transaction."""
    kind = type(event).__name__
    handlers = subscribers_of(kind)
    if not handlers:
        return
    row = OutboxEvent.objects.create(kind=kind, payload=_to_json(event), at=event.at)
    Delivery.objects.bulk_create(
        Delivery(event=row, subscriber=name, due_at=row.published_at - timedelta(seconds=1))
        for name in handlers
    )
    transaction.on_commit(_nudge_delivery, robust=True)


def restore(row: OutboxEvent) -> Event:
    """Rebuild the event a row tells of; raises KeyError when nobody knows its kind any more."""
    kind = _kinds[row.kind]
    values = {
        field.name: row.payload[field.name]
        for field in dataclasses.fields(kind)
        if field.name in row.payload  # what was published before a field came has its default
    }
    return kind(at=row.at, **{name: _frozen(value) for name, value in values.items()})


def _to_json(event: Event) -> dict[str, Any]:
    values = {
        field.name: getattr(event, field.name)
        for field in dataclasses.fields(event)
        if field.name != "at"
    }
    return dict(json.loads(json.dumps(values)))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


@wraps(nudges.nudge)
def _nudge_delivery() -> None:
    nudges.nudge("deliver_events")
