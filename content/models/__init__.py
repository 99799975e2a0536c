"""Products, personas and the asset library."""

from content.models.assets import Asset, Persona, Product

__all__ = ["Asset", "Persona", "Product"]
