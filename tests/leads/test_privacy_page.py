"""The page for operators says what the code does."""

import re

from django.conf import settings
from django.urls import resolve

from leadflow.core.parts import person_tables
from leads.models import Consent
from leads.services.erasure import BLANK

PAGE = (settings.BASE_DIR / "docs" / "privacy.md").read_text()


def test_it_names_every_table_and_every_purpose() -> None:
    labels = {table.label for table in person_tables.values()} | set(Consent.Purpose.labels)

    assert [label for label in sorted(labels) if label not in PAGE] == []


def test_tables_it_says_are_deleted_are_those_that_are() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| Confirmations asked for"))
    said = {word.strip() for word in row.split("|")[1].split(",")} | {"Browsers"}

    assert said == {table.label for table in person_tables.values() if table.erased is None}


def test_what_it_says_stays_of_the_lead_is_not_blanked() -> None:
    stays = {"stage", "score", "source", "campaign", "country", "language", "persona", "owner"}

    assert not stays & BLANK.keys()
    assert all(name in PAGE for name in stays)


def test_settings_it_names_exist() -> None:
    named = set(re.findall(r"`([A-Z_]{8,})`", PAGE)) - {"LEADFLOW_HOME", "EMAIL_URL"}

    assert {"SUPPRESSION_KEYS", "DEFAULT_PHONE_REGION", "EMAIL_PROVIDER_RULES"} <= named
    assert all(hasattr(settings, name) for name in named)


def test_addresses_it_names_exist() -> None:
    for address in re.findall(r"`(?:POST )?(/api/v1/\S+/)`", PAGE):
        assert resolve(address.replace("<id>", "1"))
