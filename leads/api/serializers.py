"""What the API shows and takes."""

import json
from typing import Any

from rest_framework import serializers

from content.models import Persona, Product
from leadflow.core.errors import Invalid
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.models import Activity, Campaign, Lead, Offer, StageChange, Territory
from leads.services import Person

MOST_JSON = 20_000


class LeadSerializer(serializers.ModelSerializer[Lead]):
    """A lead as the API shows it."""

    company = serializers.CharField(source="company.name", default="", read_only=True)
    owner = serializers.CharField(source="owner.email", default=None, read_only=True)
    campaign = serializers.CharField(source="campaign.key", default=None, read_only=True)
    territory = serializers.CharField(source="territory.key", default=None, read_only=True)
    products = serializers.SlugRelatedField("key", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Lead
        fields = [
            "id",
            "email",
            "phone",
            "external_id",
            "first_name",
            "last_name",
            "job_title",
            "company",
            "country",
            "language",
            "persona",
            "products",
            "source",
            "campaign",
            "owner",
            "territory",
            "attributes",
            "stage",
            "stage_since",
            "cycle",
            "engagement",
            "fit",
            "score",
            "grade",
            "created_at",
            "last_activity_at",
            "erased_at",
        ]
        read_only_fields = fields


class PersonSerializer(serializers.Serializer[Any]):
    """Facts about a person; those left out stay as they are."""

    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=60, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    job_title = serializers.CharField(max_length=120, required=False, allow_blank=True)
    company = serializers.CharField(max_length=200, required=False, allow_blank=True)
    country = serializers.RegexField(r"^([A-Za-z]{2})?$", required=False, allow_blank=True)
    language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    persona = serializers.ChoiceField(Persona.choices, required=False)
    products = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=100
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=80, required=False, allow_blank=True, allow_null=True
    )
    campaign = serializers.CharField(max_length=60, required=False, allow_null=True)
    territory = serializers.CharField(max_length=40, required=False, allow_null=True)
    attributes = serializers.DictField(required=False)

    def validate_attributes(self, value: dict[str, Any]) -> dict[str, Any]:
        """Whatever the database can keep."""
        return check_json(value)

    def validate_products(self, value: list[str]) -> list[str]:
        """Keys of products that exist."""
        unknown = set(value) - self._keys("products", Product)
        if unknown:
            raise serializers.ValidationError(f"There is no product “{min(unknown)}”.")
        return value

    def validate_country(self, value: str) -> str:
        """Codes are upper case."""
        return value.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Addresses and numbers in the form they are compared in; keys as rows."""
        try:
            if attrs.get("email"):
                attrs["email"] = normalize_email(attrs["email"])
            if attrs.get("phone"):
                region = attrs.get("country") or str(self.context.get("country", ""))
                attrs["phone"] = normalize_phone(attrs["phone"], region)
        except Invalid as error:
            raise serializers.ValidationError({error.field: str(error)}) from None
        for name, model in (("campaign", Campaign), ("territory", Territory)):
            if name in attrs:
                attrs[f"{name}_id"] = self._id_of(name, model, attrs.pop(name))
        return attrs

    def person(self, values: dict[str, Any]) -> Person:
        """Checked values as the services take them."""
        facts = dict(values)
        return Person(
            attributes=facts.pop("attributes", {}),
            company_name=clean(facts.pop("company", ""), most=200),
            product_keys=facts.pop("products", None),
            facts={name: _one_line(value) for name, value in facts.items()},
        )

    def _id_of(self, name: str, model: Any, key: str | None) -> int | None:
        if not key:
            return None
        found = self._cached(name, lambda: dict(model.objects.values_list("key", "pk")))
        if key not in found:
            raise serializers.ValidationError({name: f"There is no {name} “{key}”."})
        return int(found[key])

    def _keys(self, name: str, model: Any) -> set[str]:
        return set(self._cached(name, lambda: dict(model.objects.values_list("key", "pk"))))

    def _cached(self, name: str, load: Any) -> dict[str, int]:
        """Rows that keys name are read once per request, not once per person."""
        read: Any = self.context
        if name not in read:
            read[name] = load()
        rows: dict[str, int] = read[name]
        return rows


class VerbSerializer(serializers.Serializer[Any]):
    """What may be said along with a verb."""

    reason = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, min_value=0, required=False, allow_null=True, default=None
    )
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, default="EUR")
    handoff = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class TakeBackSerializer(serializers.Serializer[Any]):
    """Which change is to be taken back."""

    change = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class ChangeSerializer(serializers.ModelSerializer[StageChange]):
    """One line of history."""

    from_stage = serializers.CharField(source="from_stage_id", allow_null=True, read_only=True)
    to_stage = serializers.CharField(source="to_stage_id", read_only=True)
    by = serializers.CharField(source="by.email", default=None, read_only=True)

    class Meta:
        model = StageChange
        fields = [
            "id",
            "from_stage",
            "to_stage",
            "verb",
            "at",
            "by",
            "cause_kind",
            "cause_id",
            "reason",
            "note",
            "cycle",
            "seconds",
            "business_seconds",
            "corrects",
            "pipeline_version",
        ]
        read_only_fields = fields


class StageTimeSerializer(serializers.Serializer[Any]):
    """How long a lead stood in one stage in one cycle."""

    stage = serializers.CharField()
    cycle = serializers.IntegerField()
    first_entered_at = serializers.DateTimeField()
    last_entered_at = serializers.DateTimeField()
    exits = serializers.IntegerField()
    seconds = serializers.IntegerField()
    business_seconds = serializers.IntegerField()
    is_running = serializers.BooleanField()


class ActivitySerializer(serializers.ModelSerializer[Activity]):
    """An activity as the API shows it."""

    asset = serializers.CharField(source="asset.key", default=None, read_only=True)
    by = serializers.CharField(source="by.email", default=None, read_only=True)

    class Meta:
        model = Activity
        fields = [
            "id",
            "kind",
            "occurred_at",
            "asset",
            "title",
            "url",
            "properties",
            "by",
            "source_kind",
            "source_id",
            "is_automatic",
        ]
        read_only_fields = fields


class OfferSerializer(serializers.ModelSerializer[Offer]):
    """An offer as the API shows it."""

    lead = serializers.IntegerField(source="lead_id", read_only=True)
    handoff = serializers.CharField(source="handoff.key", read_only=True)
    assignee = serializers.CharField(source="assignee.email", default=None, read_only=True)

    class Meta:
        model = Offer
        fields = [
            "id",
            "lead",
            "handoff",
            "offered_at",
            "due_at",
            "outcome",
            "decided_at",
            "reason",
            "note",
            "assignee",
            "is_hand_raise",
        ]
        read_only_fields = fields


class ReportedSerializer(serializers.Serializer[Any]):
    """An activity as another program reports it: of a lead by id, e-mail or external id."""

    lead = serializers.IntegerField(required=False)
    email = serializers.CharField(required=False)
    external_id = serializers.CharField(required=False)
    kind = serializers.ChoiceField(Activity.Kind.choices)
    occurred_at = serializers.DateTimeField(required=False)
    asset = serializers.CharField(required=False)
    title = serializers.CharField(max_length=200, required=False)
    url = serializers.CharField(max_length=500, required=False)
    properties = serializers.DictField(required=False)
    source_id = serializers.IntegerField(required=False)


class RowSerializer(serializers.Serializer[Any]):
    """What became of one row of a batch."""

    row = serializers.IntegerField()
    status = serializers.CharField()
    lead = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(required=False)
    error = serializers.CharField(required=False)


class BatchSerializer(serializers.Serializer[Any]):
    """What became of a batch: counts by status, and the rows."""

    counts = serializers.DictField(child=serializers.IntegerField())
    rows = RowSerializer(many=True)


def check_json(value: dict[str, Any]) -> dict[str, Any]:
    """Plain values the database can keep: not too long, no NUL, no half characters."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MOST_JSON:
        raise serializers.ValidationError(f"This may have {MOST_JSON:,} characters.")
    if "\\u0000" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise serializers.ValidationError("This holds characters that are none.")
    return value


def _one_line(value: Any) -> Any:
    return clean(value, most=500) if isinstance(value, str) else value
