"""Front door of the content app for reading."""

from content.queries.library import (
    INTERNAL,
    Text,
    brand,
    find_assets,
    kinds_with_counts,
    public_asset,
    stage_choices,
    texts,
)

__all__ = [
    "INTERNAL",
    "Text",
    "brand",
    "find_assets",
    "kinds_with_counts",
    "public_asset",
    "stage_choices",
    "texts",
]
