"""Everything that is kept about people is registered, and the registry says what the database says."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, Q

from leadflow.core.parts import person_tables
from leads.models import Activity, Lead, Visit, Visitor

TABLES = dict(person_tables.items())


def _by_model() -> dict[type[Model], set[str]]:
    found: dict[type[Model], set[str]] = {}
    for table in person_tables.values():
        found.setdefault(table.model, set()).add(table.lead)
    return found


def _pointing_at(model: type[Model]) -> set[tuple[type[Model], str]]:
    return {
        (related.related_model, related.field.name)
        for related in model._meta.get_fields(include_hidden=True)
        if (related.one_to_many or related.one_to_one) and related.auto_created
    }


def test_every_table_that_points_at_a_lead_is_registered() -> None:
    known = {(model, path) for model, paths in _by_model().items() for path in paths}

    assert _pointing_at(Lead) - known == set()


def test_what_hangs_on_a_registered_table_is_registered_too() -> None:
    models = _by_model().keys()

    hanging = {child for model in models for child, _ in _pointing_at(model)}

    assert hanging - models == set()


def _unique_indexes(model: type[Model]) -> set[tuple[str, ...]]:
    """Columns of the unique indexes of a table, without its key, as the database itself has them."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {
        tuple(sorted(one["columns"]))
        for one in found.values()
        if one["unique"] and model._meta.pk.column not in one["columns"]
    }


@pytest.mark.parametrize("name", TABLES)
def test_what_is_unique_mirrors_the_database(name: str, db: None) -> None:
    table = TABLES[name]
    if "__" in table.lead:
        return
    meta = table.model._meta
    lead = meta.get_field(table.lead).column

    said = {
        tuple(sorted([lead, *(meta.get_field(column).column for column in one.columns)]))
        for one in table.uniques
        if not meta.get_field(table.lead).primary_key
    }

    assert said == {columns for columns in _unique_indexes(table.model) if lead in columns}


@pytest.mark.parametrize(
    ("name", "uniques"),
    [
        ("leads.tokens", [((), Q())]),
        ("leads.products", [(("product",), Q())]),
        ("leads.offers", [((), Q(outcome="pending"))]),
        ("leads.guests", [(("campaign",), Q())]),
        ("leads.stages", []),
        ("leads.activities", []),
        ("nurture.enrollments", [(("program", "entry"), Q()), (("program",), Q(state="active"))]),
        ("handoff.clocks", []),
    ],
)
def test_what_is_unique_together_with_a_lead(name: str, uniques: Any) -> None:
    assert [(one.columns, one.where) for one in TABLES[name].uniques] == uniques


@pytest.mark.parametrize("name", TABLES)
def test_every_named_column_exists(name: str, db: None) -> None:
    table = TABLES[name]

    rows = table.model.objects.filter(**{table.lead: 1}).order_by("pk")

    assert list(rows.values_list(*table.exported.values())) == []
    assert set(table.erased or {}) <= {field.name for field in table.model._meta.concrete_fields}


@pytest.mark.parametrize("name", TABLES)
def test_free_text_about_a_person_is_erased(name: str) -> None:
    """A text column that is kept holds codes, or words that nobody types about a person."""
    table = TABLES[name]
    kept = {
        "kind", "source", "medium", "campaign_name", "purpose", "verb", "reason", "cause_kind",
        "outcome", "assigned_because", "currency", "state", "channel", "exit_reason", "message_id",
        "source_kind", "about", "token", "code",
    }  # fmt: skip
    if table.erased is None:
        return

    texts = {
        field.name
        for field in table.model._meta.concrete_fields
        if field.get_internal_type() in {"CharField", "TextField", "EmailField", "JSONField"}
    }

    assert (
        texts - set(table.erased) - kept - ({"result"} if name.endswith("requests") else set())
        == set()
    )


def test_what_somebody_did_lets_go_of_the_browser_before_it_goes() -> None:
    order = [table.model for table in person_tables.values()]

    assert order.index(Visitor) > max(order.index(Activity), order.index(Visit))
