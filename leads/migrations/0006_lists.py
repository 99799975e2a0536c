"""The search column gives way to tokens; leads of before get theirs, ten thousand at a time."""

from django.db import migrations

from leads.engine.tokens import vector_of

BATCH = 10_000
FACTS = ("first_name", "last_name", "email", "phone", "external_id")


def fill_tokens(apps, schema_editor):
    """Give tokens to every lead that has none; may be interrupted and run again."""
    Lead = apps.get_model("leads", "Lead")
    leads = Lead.objects.filter(tokens=None).order_by("pk").values("pk", "company__name", *FACTS)
    last = 0
    while batch := list(leads.filter(pk__gt=last)[:BATCH]):
        last = batch[-1]["pk"]
        ids = [row["pk"] for row in batch]
        vectors = [vector_of(row, row["company__name"] or "") for row in batch]
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO leads_leadtokens (lead_id, tokens) "
                "SELECT * FROM unnest(%s::bigint[], %s::tsvector[]) ON CONFLICT DO NOTHING",
                [ids, vectors],
            )


class Migration(migrations.Migration):

    atomic = False  # each batch is kept
    dependencies = [("leads", "0005_capture")]

    operations = [
        migrations.RunPython(fill_tokens, migrations.RunPython.noop),
        migrations.RemoveField(model_name="lead", name="search"),
    ]
