"""Reading the library."""

from collections.abc import Collection
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from content.engine.brand import Brand
from content.models import Asset, AssetVersion
from leadflow.core.parts import condition_fields

INTERNAL = frozenset(
    {Asset.Kind.EMAIL, Asset.Kind.LETTER, Asset.Kind.CALL_GUIDE, Asset.Kind.PROPOSAL}
)


@dataclass(frozen=True)
class Text:
    """What one version of an asset says."""

    title: str
    subject: str
    body: str


def brand() -> Brand:
    """Who we are, as the settings say."""
    name = parseaddr(settings.DEFAULT_FROM_EMAIL)[0] or "LeadFlow"
    return Brand(name=name, postal_address=settings.POSTAL_ADDRESS, site_url=settings.SITE_URL)


def find_assets(
    *, q: str = "", kind: str = "", product: str = "", persona: str = ""
) -> QuerySet[Asset]:
    """Assets whose title, summary or key holds every word of `q`; narrowed by the others."""
    found = Asset.objects.prefetch_related("products")
    for word in q.split():
        found = found.filter(
            Q(title__icontains=word) | Q(summary__icontains=word) | Q(key__icontains=word)
        )
    if kind:
        found = found.filter(kind=kind)
    if product:
        found = found.filter(Q(products__key=product) | Q(products=None)).distinct()
    if persona:
        found = found.filter(Q(personas__contains=[persona]) | Q(personas=[]))
    return found.order_by("title", "pk")


def kinds_with_counts() -> list[tuple[str, str, int]]:
    """Kinds of content as (key, name, number of assets), in the order of the choices."""
    counts = dict(Asset.objects.order_by().values_list("kind").annotate(count=Count("pk")))
    return [(key, str(name), counts.get(key, 0)) for key, name in Asset.Kind.choices]


def public_asset(key: str) -> Asset | None:
    """The asset that everybody may read at /c/<key>/, or None."""
    return Asset.objects.filter(key=key, is_public=True).exclude(kind__in=INTERNAL).first()


def stage_choices() -> list[tuple[str, str]]:
    """Stages as (key, name), where an app above tells them."""
    try:
        choices = condition_fields.get("stage").choices
    except KeyError:
        return []
    return choices() if choices else []


def texts(versions: Collection[tuple[int, int]]) -> dict[tuple[int, int], Text]:
    """What (asset id, version) pairs say; an unrecorded version reads as the asset does today."""
    ids = {asset_id for asset_id, _ in versions}
    today = {
        asset.pk: Text(asset.title, asset.subject, asset.body)
        for asset in Asset.objects.filter(pk__in=ids)
    }
    rows = AssetVersion.objects.filter(asset__in=ids, number__in={number for _, number in versions})
    kept = {(row.asset_id, row.number): Text(row.title, row.subject, row.body) for row in rows}
    return {
        (asset_id, number): kept.get((asset_id, number), today[asset_id])
        for asset_id, number in versions
        if asset_id in today
    }
