"""The command palette (Ctrl-K): pages of the rail, actions, and what apps find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from leadflow.core.models import User
from leadflow.core.registry import Registry

FOUND_PER_SEARCH = 6


@dataclass(frozen=True)
class Entry:
    """One line of the palette."""

    label: str
    href: str
    icon: str = "arrow-right"
    hint: str = ""


@dataclass(frozen=True)
class Action:
    """Something to start from anywhere: "New lead", "Import leads"."""

    label: str
    url_name: str
    icon: str
    roles: frozenset[str]


Search = Callable[[User, str], Iterable[Entry]]

_actions: Registry[Action] = Registry("the palette's actions")
_searches: Registry[Search] = Registry("the palette's searches")


def add_action(label: str, url_name: str, icon: str, roles: Iterable[str]) -> None:
    """Offer a page as an action to `roles`."""
    _actions.add(url_name, Action(label, url_name, icon, frozenset(map(str, roles))))


def add_search(name: str, search: Search) -> None:
    """Let `search(user, query)` answer in the palette; it must show only what the user may see."""
    _searches.add(name, search)


def actions_for(user: User) -> list[Entry]:
    """Actions this user may start, of pages that exist."""
    mine = (action for action in _actions.values() if user.role in action.roles)
    found = ((action, _address(action.url_name)) for action in mine)
    return [Entry(action.label, href, action.icon) for action, href in found if href]


def find(user: User, query: str) -> list[Entry]:
    """What the apps find for `query`, a few lines each."""
    if not query:
        return []
    return [
        entry
        for search in _searches.values()
        for entry in list(search(user, query))[:FOUND_PER_SEARCH]
    ]


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
