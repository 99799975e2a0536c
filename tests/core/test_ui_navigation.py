"""The rail: who sees what, and which item is the current one."""

import pytest
from django.urls import reverse

from leadflow.core import navigation, palette
from leadflow.core.models import Role
from leadflow.core.navigation import Section


@pytest.fixture(autouse=True)
def rail(monkeypatch):
    monkeypatch.setattr(navigation, "_items", {})
    navigation.register(Section.SETTINGS, "Components", "ui", "component", {Role.ADMIN})
    navigation.register(Section.WORK, "Start", "home", "house")
    navigation.register(Section.WORK, "Gone", "no:such-page", "ghost")


def test_sections_come_in_the_order_of_the_rail():
    assert [item.label for item in navigation.items()] == ["Gone", "Start", "Components"]


def test_a_role_sees_its_own_pages_and_no_page_that_does_not_exist():
    assert [link.label for link in navigation.links_for("rep", "/")] == ["Start"]
    assert [link.label for link in navigation.links_for("admin", "/")] == ["Start", "Components"]


def test_the_longest_address_that_fits_is_the_current_one():
    links = navigation.links_for("admin", reverse("ui") + "colours/")
    assert [link.label for link in links if link.is_active] == ["Components"]


def test_a_stranger_gets_an_empty_rail(client):
    assert client.get(reverse("account_login")).context["navigation"] == []


def test_the_palette_offers_only_what_a_role_may_start(monkeypatch, rep):
    monkeypatch.setattr(palette, "_actions", palette.Registry("actions"))
    palette.add_action("New lead", "home", "plus", {Role.REP})
    palette.add_action("Import", "ui", "upload", {Role.ADMIN})
    assert [entry.label for entry in palette.actions_for(rep)] == ["New lead"]


def test_the_palette_shows_a_few_lines_of_each_search(monkeypatch, rep):
    monkeypatch.setattr(palette, "_searches", palette.Registry("searches"))
    palette.add_search("all", lambda user, query: [palette.Entry(query, "/")] * 20)
    assert len(palette.find(rep, "ada")) == palette.FOUND_PER_SEARCH
