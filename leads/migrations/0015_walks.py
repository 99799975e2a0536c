"""The orders of the list of leads, each with what leads are narrowed by in the index itself.

Reading from an index alone needs pages known to be visible to all: the table is vacuumed after some
twenty thousand changes of a million leads, not two hundred thousand.
"""

import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


VACUUM_OFTEN = """
ALTER TABLE leads_lead SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
)
"""
VACUUM_AS_EVER = """
ALTER TABLE leads_lead RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor
)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0001_initial'),
        ('leads', '0014_members'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(VACUUM_OFTEN, VACUUM_AS_EVER),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_stage_score',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_by_score',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', '-score', '-id'], include=('grade', 'source', 'country', 'persona', 'owner', 'territory', 'campaign', 'created_at', 'stage_since', 'last_activity_at'), name='lead_walk_score'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', '-created_at', '-id'], include=('grade', 'source', 'country', 'persona', 'owner', 'territory', 'campaign', 'score', 'stage_since', 'last_activity_at'), name='lead_walk_newest'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', '-stage_since', '-id'], include=('grade', 'source', 'country', 'persona', 'owner', 'territory', 'campaign', 'score', 'created_at', 'last_activity_at'), name='lead_walk_stage'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('stage'), models.OrderBy(django.db.models.functions.comparison.Greatest('last_activity_at', 'created_at'), descending=True), models.OrderBy(models.F('id'), descending=True), include=('grade', 'source', 'country', 'persona', 'owner', 'territory', 'campaign', 'score', 'created_at', 'stage_since', 'last_activity_at'), name='lead_walk_activity'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['grade', '-score', '-id'], include=('source', 'country', 'persona', 'owner', 'territory', 'campaign', 'created_at', 'stage_since', 'last_activity_at', 'stage'), name='lead_walk_grade'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('country', ''), _negated=True), fields=['country'], name='lead_by_country'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['source'], name='lead_by_source'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('email', '')), fields=['id'], name='lead_without_email'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('phone', '')), fields=['id'], name='lead_without_phone'),
        ),
    ]
