"""The rail: pages by job, shown by role. Apps register theirs in `apps.ready`."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from leadflow.core import palette
from leadflow.core.models import Role

ON_THE_BAR = 4


class Section(StrEnum):
    """The groups of the rail, top to bottom; the value is the heading."""

    WORK = "Work"
    MARKETING = "Marketing"
    INSIGHT = "Insight"
    SETTINGS = "Settings"


@dataclass(frozen=True)
class Item:
    """A page on the rail: where, for whom, in which order."""

    section: str
    label: str
    url_name: str
    icon: str
    roles: frozenset[str]
    order: int


@dataclass(frozen=True)
class Link:
    """An item as one user sees it now."""

    section: str
    label: str
    href: str
    icon: str
    is_active: bool


@dataclass(frozen=True)
class Group:
    """A heading of the rail with its links."""

    name: str
    links: tuple[Link, ...]


_items: dict[str, Item] = {}


def register(
    section: str,
    label: str,
    url_name: str,
    icon: str,
    roles: Collection[str] = tuple(Role),
    order: int = 50,
) -> None:
    """Put a page on the rail for `roles`; `order` counts within the section."""
    _items[url_name] = Item(str(section), label, url_name, icon, frozenset(map(str, roles)), order)


def items() -> list[Item]:
    """What is registered, in the order of the rail."""
    sections = list(Section)
    return sorted(
        _items.values(),
        key=lambda item: (
            sections.index(Section(item.section)) if item.section in sections else len(sections),
            item.order,
            item.label,
        ),
    )


def links_for(role: str, path: str) -> list[Link]:
    """The links a role sees; the one whose address is the longest start of `path` is active."""
    found = [(item, href) for item in items() if role in item.roles and (href := _address(item))]
    starts = [href for _, href in found if path.startswith(href)]
    active = max(starts, key=len, default="")
    return [
        Link(item.section, item.label, href, item.icon, is_active=href == active)
        for item, href in found
    ]


def _address(item: Item) -> str | None:
    """Where an item leads; a page that this installation does not have is left off the rail."""
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return None


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context: `navigation` (groups), `navigation_bar` (the first few), `palette_actions`."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": [], "navigation_bar": [], "palette_actions": []}
    links = links_for(user.role, request.path)
    names = list(dict.fromkeys(link.section for link in links))
    groups = [Group(name, tuple(link for link in links if link.section == name)) for name in names]
    return {
        "navigation": groups,
        "navigation_bar": links[:ON_THE_BAR],
        "palette_actions": palette.actions_for(user),
    }
