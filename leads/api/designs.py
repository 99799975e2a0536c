"""What the API shows and takes of the pipeline."""

from typing import Any

from rest_framework import serializers

from leads.models import PipelineVersion, Reason
from leads.queries.design import Design, HandoffRow, StageRow, VerbRow

REASON_FACTS = ("label", "needs_note", "cool_down_days", "is_active")


def _keys() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=50
    )


class StageSerializer(serializers.Serializer[Any]):
    """Facts of a stage that may be changed."""

    name = serializers.CharField(max_length=80)
    abbreviation = serializers.CharField(max_length=10)
    team = serializers.CharField(max_length=40, required=False, allow_blank=True)
    requires = _keys()
    normal_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=3650
    )
    revives_on = _keys()
    position = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)


class NewStageSerializer(serializers.Serializer[Any]):
    """A stage to be added behind `after`."""

    name = serializers.CharField(max_length=80)
    abbreviation = serializers.CharField(max_length=10)
    after = serializers.CharField(max_length=40, allow_blank=True)
    team = serializers.CharField(max_length=40, required=False, allow_blank=True)
    requires = _keys()
    normal_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=3650
    )


class OrderSerializer(serializers.Serializer[Any]):
    """Every stage of the path by its key, in the new order."""

    stages = serializers.ListField(child=serializers.CharField(max_length=40), max_length=500)


class MergeSerializer(serializers.Serializer[Any]):
    """Where the leads of a retired stage go."""

    merge_into = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class RetirementSerializer(serializers.Serializer[Any]):
    """What retiring a stage would mean."""

    leads = serializers.IntegerField()
    targets = serializers.ListField(child=serializers.CharField())
    refused = serializers.CharField(allow_blank=True)


class HandoffSerializer(serializers.Serializer[Any]):
    """Settings of a hand-off; `target` is a share from 0 to 1, times are minutes."""

    name = serializers.CharField(max_length=80)
    target = serializers.FloatField(required=False, min_value=0, max_value=1)
    respond_within_minutes = serializers.IntegerField(required=False)
    uses_business_time = serializers.BooleanField(required=False)
    expire_after_minutes = serializers.IntegerField(required=False, allow_null=True)
    team = serializers.CharField(max_length=40, required=False, allow_null=True)
    calendar = serializers.CharField(max_length=40, required=False, allow_null=True)
    escalate_to = serializers.ListField(
        child=serializers.EmailField(), required=False, max_length=50
    )
    is_active = serializers.BooleanField(required=False)


class SideSerializer(serializers.Serializer[Any]):
    """One side of a new hand-off: the stage that is created for it."""

    name = serializers.CharField(max_length=80)
    abbreviation = serializers.CharField(max_length=10)
    team = serializers.CharField(max_length=40, required=False, allow_blank=True)


class NewHandoffSerializer(HandoffSerializer):
    """A hand-off to be added behind `after`, with its two stages."""

    after = serializers.CharField(max_length=40)
    offered = SideSerializer()
    accepted = SideSerializer()


class VerbRuleSerializer(serializers.Serializer[Any]):
    """What a verb asks for."""

    needs_reason = serializers.BooleanField()
    needs_note = serializers.BooleanField()


class ReasonSerializer(serializers.ModelSerializer[Reason]):
    """A coded reason."""

    class Meta:
        model = Reason
        fields = ["code", *REASON_FACTS]
        read_only_fields = ["code"]


class VersionSerializer(serializers.ModelSerializer[PipelineVersion]):
    """One version: who changed what, and when."""

    author = serializers.CharField(source="author.email", default=None, read_only=True)

    class Meta:
        model = PipelineVersion
        fields = ["number", "author", "at", "change"]


class VersionDetailSerializer(VersionSerializer):
    """A version with all of the pipeline as it was."""

    class Meta:
        model = PipelineVersion
        fields = ["number", "author", "at", "change", "content"]


class PipelineSerializer(serializers.Serializer[Any]):
    """The whole pipeline as it is."""

    version = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    stages = serializers.ListField(child=serializers.DictField())
    handoffs = serializers.ListField(child=serializers.DictField())
    verbs = serializers.ListField(child=serializers.DictField())


def describe(design: Design, verbs: list[VerbRow]) -> dict[str, Any]:
    """The pipeline as plain values: path, stages, hand-offs, verbs with their reasons."""
    rows = [*design.stages, *design.unused, *design.detours]
    return {
        "version": design.pipeline.version,
        "path": list(design.pipeline.path),
        "stages": [_stage(row) for row in rows],
        "handoffs": [_handoff(row) for row in design.handoffs],
        "verbs": [_verb(row) for row in verbs],
    }


def _stage(row: StageRow) -> dict[str, Any]:
    stage = row.stage
    return {
        "key": stage.key,
        "name": stage.name,
        "abbreviation": stage.abbreviation,
        "kind": stage.kind,
        "position": stage.position,
        "team": stage.owning_team.key if stage.owning_team else None,
        "requires": stage.requires,
        "normal_days": stage.normal_days,
        "revives_on": stage.revives_on,
        "is_on_path": row.is_on_path,
        "retired_at": stage.retired_at,
        "merged_into": stage.merged_into_id,
        "leads": row.leads,
    }


def _handoff(row: HandoffRow) -> dict[str, Any]:
    handoff = row.handoff
    return {
        "key": handoff.key,
        "name": handoff.name,
        "offered": handoff.offered_id,
        "accepted": handoff.accepted_id,
        "is_active": handoff.is_active,
        "target": float(handoff.target),
        "respond_within_minutes": handoff.respond_within_minutes,
        "uses_business_time": handoff.uses_business_time,
        "expire_after_minutes": handoff.expire_after_minutes,
        "team": handoff.receiving_team.key if handoff.receiving_team else None,
        "calendar": handoff.calendar.key if handoff.calendar else None,
        "escalate_to": [person.email for person in handoff.escalate_to.all()],
        "waiting": row.waiting,
    }


def _verb(row: VerbRow) -> dict[str, Any]:
    return {
        "verb": row.rule.verb,
        "needs_reason": row.rule.needs_reason,
        "needs_note": row.rule.needs_note,
        "reasons": [ReasonSerializer(reason).data for reason in row.reasons],
    }
