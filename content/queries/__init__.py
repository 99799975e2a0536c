"""Front door of the content app for reading."""

from content.queries.library import (
    Text,
    brand,
    find_assets,
    kinds_with_counts,
    public_asset,
    stage_choices,
    texts,
)

__all__ = [
    "Text",
    "brand",
    "find_assets",
    "kinds_with_counts",
    "public_asset",
    "stage_choices",
    "texts",
]
