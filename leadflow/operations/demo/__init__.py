"""A believable company with a year of history, made through the real services; the same for a seed."""

from leadflow.operations.demo.build import build_demo

__all__ = ["build_demo"]
