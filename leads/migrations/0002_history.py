"""Tie every lead's stage to its history, so that a stage without its row cannot be committed.

The history row's own foreign key says that the stage exists; one on the lead would check it twice.
"""

from django.db import migrations

TIE = """
ALTER TABLE leads_lead
    ADD CONSTRAINT lead_stage_is_last_change FOREIGN KEY (id, last_change, stage)
        REFERENCES leads_stagechange (lead_id, id, to_stage) DEFERRABLE INITIALLY DEFERRED;
"""
UNTIE = """
ALTER TABLE leads_lead
    DROP CONSTRAINT lead_stage_is_last_change;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunSQL(TIE, UNTIE)]
