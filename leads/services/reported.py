"""Activities that other programs report: each row is recorded, or named with its fault."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from content.models import Asset
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine.identity import clean, normalize_email
from leads.models import Activity, Lead
from leads.queries.merging import find_heirs, follow_merges
from leads.services.activities import record_activities

SOURCE = "api"
LARGEST_ID = 2**63 - 1
LONGEST_PROPERTIES = 10_000
KINDS = frozenset(Activity.Kind.values)
REFERENCES = ("lead", "email", "external_id")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)  # clocks of other programs differ a little
References = dict[str, dict[Any, int]]


@dataclass
class Reported:
    """What became of one row: recorded, known already, or rejected with a field and a sentence."""

    status: str
    lead_id: int | None = None
    field: str = ""
    error: str = ""


@transaction.atomic
def record_reported(*, rows: Sequence[Any], by: User, at: datetime) -> list[Reported]:
    """Record activities of leads that `by` may see; one result per row, in their order.

    A row holds lead, email or external_id; kind; and perhaps occurred_at, asset, title, url,
    properties, source_id (the same source_id and kind twice is one activity).
    """
    policies.check_may("edit", by=by)
    results = [Reported("rejected") for _ in rows]
    described: dict[int, Mapping[str, Any]] = {}
    for place, row in enumerate(rows):
        with _noting(results[place]):
            described[place] = _check_row(row)
    found = _find_leads(list(described.values()), by=by)
    assets = _find_assets(list(described.values()))
    seen = _seen_before(list(described.values()))
    activities = []
    for place, row in described.items():
        with _noting(results[place]):
            lead_id = _lead_of(row, found)
            fact = (row.get("source_id"), row["kind"])
            if fact in seen:
                results[place] = Reported("known", lead_id)
                continue
            activity = _build(row, lead_id=lead_id, assets=assets, at=at)
            if fact[0] is not None:
                seen.add(fact)
            activities.append(activity)
            results[place] = Reported("recorded", lead_id)
    record_activities(activities=activities, at=at)
    return results


class _noting:  # noqa: N801  (reads as a word in `with`)
    """Writes an Invalid of its block into a result instead of raising it."""

    def __init__(self, result: Reported) -> None:
        self.result = result

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, Invalid):
            return False
        self.result.field, self.result.error = error.field, str(error)
        return True


def _check_row(row: Any) -> Mapping[str, Any]:
    """The row with plain types and an address in the form it is compared in; raises Invalid."""
    if not isinstance(row, dict):
        raise Invalid("A row is a JSON object.")
    if not isinstance(row.get("kind"), str) or row["kind"] not in KINDS:
        raise Invalid(f"There is no kind “{str(row.get('kind'))[:40]}”.", field="kind")
    for name in ("email", "external_id", "asset", "title", "url"):
        if not isinstance(row.get(name, ""), str):
            raise Invalid(f"“{name}” is text.", field=name)
    for name in ("lead", "source_id"):
        _check_number(row.get(name), name)
    _check_properties(row.get("properties", {}))
    if row.get("email"):
        return {**row, "email": normalize_email(row["email"][:400])}
    return row


def _check_number(value: Any, name: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_ID:
        raise Invalid(f"“{name}” is a whole number.", field=name)


def _check_properties(value: Any) -> None:
    if not isinstance(value, dict):
        raise Invalid("“properties” is an object.", field="properties")
    if not value:
        return
    text = json.dumps(value)
    if len(text) > LONGEST_PROPERTIES:
        raise Invalid(
            f"“properties” may have {LONGEST_PROPERTIES:,} characters.", field="properties"
        )
    if "\\u0000" in text or ("\\ud" in text and not _is_text(value)):
        raise Invalid("“properties” holds characters that are none.", field="properties")


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _find_leads(rows: Sequence[Mapping[str, Any]], *, by: User) -> References:
    """Ids of visible leads by each way of naming them; one query per way in use."""
    wanted: dict[str, set[Any]] = defaultdict(set)
    for row in rows:
        for name in REFERENCES:
            if row.get(name):
                wanted[name].add(clean(row[name], most=400) if name != "lead" else row[name])
    mine = Lead.objects.visible_to(by).filter(erased_at=None)
    homes = follow_merges(wanted["lead"]) if wanted["lead"] else {}
    wanted["lead"] |= set(homes.values())
    columns = {"lead": "pk", "email": "email", "external_id": "external_id"}
    found: References = {
        name: dict(mine.filter(**{f"{columns[name]}__in": values}).values_list(columns[name], "pk"))
        for name, values in wanted.items()
    }
    for name in {"email", "external_id"} & wanted.keys():
        heirs = find_heirs(name, wanted[name] - found[name].keys())
        mine_too = set(mine.filter(pk__in=heirs.values()).values_list("pk", flat=True))
        found[name] |= {key: pk for key, pk in heirs.items() if pk in mine_too}
    seen = found["lead"]
    seen |= {old: seen[home] for old, home in homes.items() if home in seen}
    return found


def _lead_of(row: Mapping[str, Any], found: References) -> int:
    for name in REFERENCES:
        if value := row.get(name):
            key = clean(value, most=400) if name != "lead" else value
            if (lead_id := found[name].get(key)) is None:
                raise Invalid(f"No lead of yours has this {name.replace('_', ' ')}.", field=name)
            return lead_id
    raise Invalid("Say whose activity this is: lead, email or external_id.", field="lead")


def _find_assets(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    keys = {clean(row["asset"], most=80) for row in rows if row.get("asset")}
    return dict(Asset.objects.filter(key__in=keys).values_list("key", "pk")) if keys else {}


def _seen_before(rows: Sequence[Mapping[str, Any]]) -> set[tuple[Any, str]]:
    ids = {row["source_id"] for row in rows if row.get("source_id") is not None}
    if not ids:
        return set()
    known = Activity.objects.filter(source_kind=SOURCE, source_id__in=ids)
    return set(known.values_list("source_id", "kind"))


def _build(
    row: Mapping[str, Any], *, lead_id: int, assets: Mapping[str, int], at: datetime
) -> Activity:
    asset_id = None
    if asset := row.get("asset"):
        asset_id = assets.get(clean(asset, most=80))
        if asset_id is None:
            raise Invalid(f"There is no asset “{clean(asset, most=80)}”.", field="asset")
    source_id = row.get("source_id")
    return Activity(
        lead_id=lead_id,
        kind=row["kind"],
        occurred_at=_time_of(row.get("occurred_at"), at=at),
        asset_id=asset_id,
        title=clean(row.get("title", ""), most=200),
        url=clean(row.get("url", ""), most=500),
        properties=row.get("properties", {}),
        source_kind=SOURCE if source_id is not None else "",
        source_id=source_id,
    )


def _time_of(text: Any, *, at: datetime) -> datetime:
    """When it happened: ISO 8601, in UTC where no zone is said; raises Invalid."""
    if text is None:
        return at
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not EARLIEST <= moment <= at + AHEAD:
            raise Invalid("“occurred_at” lies in the future or before 1970.", field="occurred_at")
    except (ValueError, TypeError, OverflowError):
        raise Invalid(
            "“occurred_at” is a time like 2026-03-31T14:05:00Z.", field="occurred_at"
        ) from None
    return moment
