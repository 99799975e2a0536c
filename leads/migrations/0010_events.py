"""Guest lists that are read in, companies that become one, and the words companies are found by."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from leads.engine.tokens import company_vector

BATCH = 10_000


def fill_tokens(apps, schema_editor):
    """Give words to every company that has none; may be interrupted and run again."""
    Company = apps.get_model("leads", "Company")
    companies = Company.objects.filter(tokens=None).order_by("pk").values_list("pk", "name", "domain")
    last = 0
    while batch := list(companies.filter(pk__gt=last)[:BATCH]):
        last = batch[-1][0]
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE leads_company AS company SET tokens = fresh.tokens "
                "FROM unnest(%s::bigint[], %s::tsvector[]) AS fresh (id, tokens) "
                "WHERE company.id = fresh.id",
                [
                    [pk for pk, _, _ in batch],
                    [company_vector(name, domain) for _, name, domain in batch],
                ],
            )


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0009_merging'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GuestFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('header', models.JSONField()),
                ('rows', models.JSONField()),
                ('at', models.DateTimeField()),
                ('result', models.JSONField(default=dict)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guest_files', to='leads.campaign')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CompanyMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gone_id', models.BigIntegerField()),
                ('gone_name', models.CharField(max_length=200)),
                ('facts', models.JSONField(default=dict)),
                ('filled', models.JSONField(default=list)),
                ('lead_ids', models.JSONField(default=list)),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='leads.company')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(django.db.models.functions.text.Lower('gone_name'), condition=models.Q(('undone_at', None)), name='company_gone_by_name')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('gone_id',), name='company_merged_away_once')],
            },
        ),
        migrations.RunPython(fill_tokens, migrations.RunPython.noop),
    ]
