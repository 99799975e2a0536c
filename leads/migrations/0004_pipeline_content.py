"""Give an installed pipeline its verb rules, its normal times, and the content of its version."""

from django.db import migrations

NEED_REASON = {"reject", "lose", "disqualify"}
VERBS = "offer accept reject expire advance win lose recycle disqualify revive".split()
NORMAL_DAYS = {
    "inquiry": 180,
    "qualified_inquiry": 2,
    "qualified_inquiry_accepted": 30,
    "mql": 2,
    "sal": 7,
    "sql": 30,
    "opportunity": 60,
    "customer": 14,
}
REVIVES_ON = {"recycled": ["form", "download", "event"], "lost": ["form"]}


def fill(apps, schema_editor):
    PipelineVersion = apps.get_model("leads", "PipelineVersion")
    if not PipelineVersion.objects.exists():
        return  # a new database is filled right after its tables
    Stage, Handoff = apps.get_model("leads", "Stage"), apps.get_model("leads", "Handoff")
    VerbRule = apps.get_model("leads", "VerbRule")
    for stage in Stage.objects.all():
        stage.normal_days = NORMAL_DAYS.get(stage.key)
        stage.revives_on = REVIVES_ON.get(stage.key, [])
        stage.save(update_fields=["normal_days", "revives_on"])
    VerbRule.objects.bulk_create(
        VerbRule(verb=verb, needs_reason=verb in NEED_REASON) for verb in VERBS
    )
    newest = PipelineVersion.objects.order_by("-number").first()
    newest.content = {
        "stages": [
            {
                "key": stage.key,
                "name": stage.name,
                "kind": stage.kind,
                "position": stage.position,
                "requires": list(stage.requires),
                "abbreviation": stage.abbreviation,
                "team": stage.owning_team.key if stage.owning_team else "",
                "normal_days": stage.normal_days,
                "revives_on": list(stage.revives_on),
                "is_retired": stage.retired_at is not None,
                "merged_into": "",
            }
            for stage in Stage.objects.order_by("position").select_related("owning_team")
        ],
        "handoffs": [
            {
                "id": handoff.pk,
                "key": handoff.key,
                "name": handoff.name,
                "offered": handoff.offered_id,
                "accepted": handoff.accepted_id,
                "respond_within_minutes": handoff.respond_within_minutes,
                "uses_business_time": handoff.uses_business_time,
                "expire_after_minutes": handoff.expire_after_minutes,
                "target": float(handoff.target),
                "team_id": handoff.receiving_team_id,
                "calendar_id": handoff.calendar_id,
                "is_active": handoff.is_active,
            }
            for handoff in Handoff.objects.order_by("offered__position")
        ],
        "needing_reason": sorted(NEED_REASON),
        "needing_note": [],
    }
    newest.save(update_fields=["content"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_pipeline_design")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
