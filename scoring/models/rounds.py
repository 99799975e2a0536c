"""How far the scoring of many leads has come."""

from django.db import models
from django.db.models import Q

from scoring.models.points import RuleSet


class ScoreRound(models.Model):
    """One pass over the leads under one version: everybody anew, or what time has taken."""

    class Kind(models.TextChoices):
        EVERYBODY = "everybody", "Everybody is scored anew"
        FADING = "fading", "What time has taken is noted"

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rounds")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.EVERYBODY)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # What the rules were about when it began, in short: another value asks for another round
    fingerprint = models.CharField(max_length=32, blank=True)
    # What each rule gave lately, {rule id: [activities, points]}; null: not counted. Counting takes a
    # sixth of the time, so a version that is being prepared is put into use without it.
    given = models.JSONField(null=True)

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


class RoundPart(models.Model):
    """A range of lead ids within a round: claimed by whoever is free, done in one transaction."""

    round = models.ForeignKey(
        ScoreRound, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    done_at = models.DateTimeField(null=True, blank=True)
    given = models.JSONField(default=dict)

    class Meta:
        ordering = ["first_id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "first_id"], name="round_part_once"),
            models.CheckConstraint(
                condition=Q(last_id__gte=models.F("first_id")), name="round_part_is_a_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"
