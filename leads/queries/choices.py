"""Lists to choose from."""

from django.db.models import QuerySet

from content.models import Persona, Product
from leads.models import Lead, Reason, Stage


def stage_choices() -> list[tuple[str, str]]:
    """Stages in use as (key, name), in order."""
    return list(Stage.objects.filter(retired_at=None).values_list("key", "name"))


def persona_choices() -> list[tuple[str, str]]:
    """Personas as (key, name)."""
    return [(str(key), str(name)) for key, name in Persona.choices]


def product_choices() -> list[tuple[str, str]]:
    """Active products as (key, name)."""
    return list(Product.objects.filter(is_active=True).values_list("key", "name"))


def country_choices() -> list[tuple[str, str]]:
    """Countries that leads come from, as (code, code)."""
    codes = Lead.objects.exclude(country="").order_by("country").values_list("country", flat=True)
    return [(code, code) for code in codes.distinct()]


def reasons_for(verb: str) -> QuerySet[Reason]:
    """Coded reasons that may be given for a verb, in order."""
    return Reason.objects.filter(verb=verb, is_active=True).order_by("position")


def verbs_with_reasons() -> frozenset[str]:
    """Verbs that have reasons to choose from."""
    return frozenset(Reason.objects.filter(is_active=True).values_list("verb", flat=True))
