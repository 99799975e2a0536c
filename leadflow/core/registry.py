"""Small registries: what a lower app shows or does for a higher one is put here in `apps.ready`."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named parts in the order in which they were added."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._parts: dict[str, T] = {}

    def add(self, name: str, part: T) -> T:
        """Add a part under a name of its own; raises ValueError when the name is taken by another."""
        if self._parts.get(name, part) is not part:
            raise ValueError(f"{self.what} already has {name!r}")
        self._parts[name] = part
        return part

    def get(self, name: str) -> T:
        """The part called `name`; raises KeyError naming what is missing."""
        try:
            return self._parts[name]
        except KeyError:
            raise KeyError(f"{self.what} has no {name!r}") from None

    def items(self) -> Iterator[tuple[str, T]]:
        """Names and parts in order."""
        return iter(self._parts.items())

    def values(self) -> list[T]:
        """Parts in order."""
        return list(self._parts.values())
