"""What each lead has earned, kept so that time can be accounted for without its activities."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.models import Lead
from scoring.models.points import RuleSet


class LeadPoints(models.Model):
    """The points of one lead under one version, group by group, as of its landmark `at`.

    `fading` are what is left at that moment of the points that fade, `lasting` those that do not, each
    in the order of the groups. Later moments follow by halving; caps are applied when they are read.
    Written only where something else than time has changed them.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Checking the version of each of a million rows would cost as much as writing them; rows of a
    # version that is out of use are dropped by the next round.
    rule_set = models.ForeignKey(
        RuleSet,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField()
    fading = ArrayField(models.FloatField())
    lasting = ArrayField(models.FloatField())
    fit = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "rule_set"], name="points_once_a_version")
        ]

    def __str__(self) -> str:
        return f"Points of {self.lead_id} by {self.rule_set_id}"
