"""Writing assets: every change of the text is a new version, and each version is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from content.models import Asset, AssetVersion
from content.policies import check_may_edit
from content.rendering import check_template
from leadflow.core.errors import Invalid
from leadflow.core.models import User

TEXT = ("title", "subject", "body")
FACTS = (*TEXT, "kind", "summary", "personas", "stages", "is_public")


def save_asset(
    *, asset_id: int | None = None, values: Mapping[str, Any], by: User | None, at: datetime
) -> Asset:
    """Create or change an asset; raises Invalid naming the field whose text cannot be filled in."""
    if by is not None:
        check_may_edit(by=by)
    for name in ("subject", "body"):
        check_template(str(values.get(name, "")), field=name)
    if values.get("kind") == Asset.Kind.EMAIL and not str(values.get("subject", "")).strip():
        raise Invalid("An e-mail needs a subject.", field="subject")
    return _write(asset_id, values, by=by, at=at)


@transaction.atomic
def _write(
    asset_id: int | None, values: Mapping[str, Any], *, by: User | None, at: datetime
) -> Asset:
    asset = Asset.objects.select_for_update().get(pk=asset_id) if asset_id else Asset(version=0)
    is_new_text = asset.pk is None or any(
        name in values and getattr(asset, name) != values[name] for name in TEXT
    )
    for name in FACTS:
        if name in values:
            setattr(asset, name, values[name])
    asset.key = asset.key or str(values.get("key") or _free_key(asset.title))
    asset.version += is_new_text
    asset.save()
    if "products" in values:
        asset.products.set(values["products"])
    if is_new_text:
        keep_versions([asset], by=by, at=at)
    return asset


def keep_versions(assets: list[Asset], *, by: User | None, at: datetime) -> None:
    """Record what assets say now under their version numbers."""
    AssetVersion.objects.bulk_create(
        AssetVersion(
            asset=asset,
            number=asset.version,
            title=asset.title,
            subject=asset.subject,
            body=asset.body,
            at=at,
            by=by,
        )
        for asset in assets
    )


def _free_key(title: str) -> str:
    """An address made of the title that no other asset has."""
    start = slugify(title)[:70] or "asset"
    taken = set(Asset.objects.filter(key__startswith=start).values_list("key", flat=True))
    return next(
        key
        for key in (start, *(f"{start}-{n}" for n in range(2, len(taken) + 3)))
        if key not in taken
    )
