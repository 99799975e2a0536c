"""Looking back: since when facts are known, and what another agreement would have offered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leadflow.core.models import User
from leads.models import Handoff, Lead
from scoring.models.definitions import nobody
from scoring.models.points import RuleSet


class FactDates(models.Model):
    """Since when what is known of one lead has been as it is now, fact by fact.

    `since` has no entry for a fact that was there before dates were kept. `digests` tell whether a
    fact has changed without holding it a second time.
    """

    lead = models.OneToOneField(Lead, primary_key=True, on_delete=models.CASCADE, related_name="+")
    since = models.JSONField(default=dict)
    digests = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"Dates of the facts of {self.lead_id}"


class Simulation(models.Model):
    """One replay of the past under an agreement and a version of the rules; it changes nothing.

    The terms are kept as they were. `axis` is the score along which the threshold may be moved ("" for
    none), `steps` what each position of it would have given, `real` what was offered really. `dated` are
    the fields whose past could be told, `undated` those that were taken as they stand.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Axis(models.TextChoices):
        SCORE = "score", "Score"
        ENGAGEMENT = "engagement", "Engagement"
        FIT = "fit", "Fit"
        NONE = "", "None"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="+")
    definition = models.CharField(max_length=120)  # which version of the agreement, in words
    condition = models.JSONField()
    hand_raise = models.JSONField(default=nobody)
    exclusions = models.JSONField(default=nobody)
    rule_set = models.ForeignKey(RuleSet, null=True, on_delete=models.SET_NULL, related_name="+")
    rules = models.CharField(max_length=120)  # which version of the rules, in words
    axis = models.CharField(max_length=10, choices=Axis.choices, blank=True)
    threshold = models.IntegerField()
    months = models.PositiveIntegerField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    # How far the work is: every lead up to this id has been replayed
    done_to = models.BigIntegerField(default=0)
    last_id = models.BigIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)
    steps = models.JSONField(default=list)
    real = models.JSONField(default=dict)
    dated = models.JSONField(default=list)
    undated = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_at__lt=F("until_at")), name="simulation_spans_time"
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="simulation_running", condition=Q(state="running"))
        ]

    def __str__(self) -> str:
        return f"{self.handoff}: {self.definition}, {self.rules}"


class SimulatedCycle(models.Model):
    """A lead in one cycle as the replay saw it, and what has become of it really.

    What was `reached` rises: at `moments` of the same place the lead had that much for the first time while
    all else that the agreement asks for was true. A threshold is met at the first that is not below it.
    """

    simulation = models.ForeignKey(
        Simulation, on_delete=models.CASCADE, related_name="cycles", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    cycle = models.PositiveIntegerField()
    reached = ArrayField(models.IntegerField())
    moments = ArrayField(models.DateTimeField())
    # The real offer over this hand-off in this cycle, where there was one
    offered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    won_at = models.DateTimeField(null=True)
    # When the cycle left the path, won or not
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["simulation", "lead", "cycle"], name="simulated_cycle_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}, cycle {self.cycle}"
