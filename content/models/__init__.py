"""Products, personas and the asset library."""

from content.models.assets import Asset, AssetVersion, Persona, Product

__all__ = ["Asset", "AssetVersion", "Persona", "Product"]
