"""How far the rescoring of many leads has come."""

from django.db import models
from django.db.models import Q

from scoring.models.points import RuleSet


class ScoreRound(models.Model):
    """One pass over the leads in id order: everybody, or those whose points fade."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rounds")
    is_everybody = models.BooleanField()
    started_at = models.DateTimeField()
    last_lead_id = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at=None),
                nulls_distinct=False,
                name="one_round_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"Round from {self.started_at:%Y-%m-%d %H:%M}"
