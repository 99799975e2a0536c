"""One person, one record: likely duplicates, merges that can be undone, who must not be written to."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from leadflow.core.models import User
from leads.models.people import Company, Lead


class DuplicatePair(models.Model):
    """Two leads that may be one person, and what makes us think so."""

    class State(models.TextChoices):
        OPEN = "open", "To look at"
        DISMISSED = "dismissed", "Two people"
        MERGED = "merged", "Merged"

    first = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    likeness = models.PositiveSmallIntegerField()  # percent
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-likeness", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_order"
            ),
            models.CheckConstraint(
                condition=Q(likeness__lte=100), name="duplicate_likeness_is_percent"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-likeness", "-id"], name="duplicates_open", condition=Q(state="open")
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"


class DuplicateCheck(models.Model):
    """A lead that is new or whose facts changed: whom it resembles is looked up soon."""

    lead_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.lead_id)


class DuplicateSearch(models.Model):
    """One look through all leads in the order of their numbers, and how far it has come."""

    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField()
    total = models.PositiveIntegerField()  # leads when it began
    handled = models.PositiveIntegerField(default=0)
    last_lead_id = models.BigIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    # Keys that too many leads share to compare each with each
    skipped = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "duplicate searches"
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at=None),
                nulls_distinct=False,
                name="one_duplicate_search_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.handled} of {self.total}"


class Merge(models.Model):
    """Two records made one; `kept` lives on, `gone_id` is the number of the record that went."""

    kept = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="merges")
    gone_id = models.BigIntegerField()
    # By these the person is still known
    gone_email = models.CharField(max_length=254, blank=True, default="")
    gone_external_id = models.CharField(max_length=120, blank=True, default="")
    # What it takes to undo it: rows as they were, and the ids of rows that changed hands
    before = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gone_id"], condition=Q(undone_at=None), name="merged_away_once"
            ),
            models.CheckConstraint(condition=~Q(gone_id=F("kept")), name="merge_of_two"),
        ]
        indexes = [
            models.Index(
                fields=[f"gone_{key}"],
                name=f"merge_gone_{key}",
                condition=Q(undone_at=None) & ~Q(**{f"gone_{key}": ""}),
            )
            for key in ("email", "external_id")
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.kept_id}"


class CompanyMerge(models.Model):
    """Two companies made one, and what it takes to part them again; the name that went stays known."""

    kept = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="merges")
    gone_id = models.BigIntegerField()
    gone_name = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)  # of the company that went
    filled = models.JSONField(default=list)  # names of facts that the kept one took over
    lead_ids = models.JSONField(default=list)  # who moved
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gone_id"], condition=Q(undone_at=None), name="company_merged_away_once"
            )
        ]
        indexes = [
            models.Index(
                Lower("gone_name"), name="company_gone_by_name", condition=Q(undone_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.gone_name} → {self.kept_id}"


class Suppression(models.Model):
    """An address that must stay silent; only a keyed hash of it is kept, so it cannot be read back."""

    class Reason(models.TextChoices):
        ERASED = "erased", "Asked to be forgotten"

    digest = models.CharField(max_length=64, unique=True)  # HMAC-SHA-256 in hexadecimal
    reason = models.CharField(max_length=20, choices=Reason.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:8]


class PrivacyRequest(models.Model):
    """That somebody's data was handed out or erased: who did it, and when. Holds no personal data."""

    class Kind(models.TextChoices):
        EXPORT = "export", "Handed out"
        ERASURE = "erasure", "Erased"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="privacy_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    result = models.JSONField(default=dict)  # rows by what they are

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.lead_id}"

    @property
    def records(self) -> int:
        """How many rows it was about."""
        return sum(self.result.values())
