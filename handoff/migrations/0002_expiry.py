"""When silence ends an offer is told by the hand-off itself now."""

from django.db import migrations


def carry_over(apps, schema_editor):
    HandoffPolicy = apps.get_model("handoff", "HandoffPolicy")
    Handoff = apps.get_model("leads", "Handoff")
    expiring = HandoffPolicy.objects.exclude(expire_after_minutes=None)
    for policy in expiring.exclude(handoff__offered__kind="won"):  # customers are not given back
        Handoff.objects.filter(pk=policy.handoff_id).update(
            expire_after_minutes=policy.expire_after_minutes
        )


class Migration(migrations.Migration):
    dependencies = [("handoff", "0001_initial"), ("leads", "0003_pipeline_design")]
    run_before = [("leads", "0004_pipeline_content")]  # which keeps what is written here

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel("HandoffPolicy"),
    ]
