"""Groups of leads: tags given by hand, segments that follow their condition, saved views."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leadflow.core.models import User
from leads.models.people import Lead


class SegmentQuerySet(models.QuerySet["Segment"]):
    """Ways to pick segments."""

    def active(self) -> "SegmentQuerySet":
        """Segments that are in use."""
        return self.filter(archived_at=None)


class Segment(models.Model):
    """Leads that a saved condition is true of; who belongs is kept up to date."""

    class State(models.TextChoices):
        BUILDING = "building", "Being filled"
        READY = "ready", "Up to date"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    condition = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    # While it is filled: the lead up to which it has been looked at
    filled_to = models.BigIntegerField(default=0)
    # Until when the passing of time has been followed, and before when no lead is looked at any more
    followed_to = models.DateTimeField()
    as_of = models.DateTimeField()
    size = models.PositiveIntegerField(default=0)  # written with every change of its members
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), condition=Q(archived_at=None), name="segment_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A lead that belongs to a segment now."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="members", db_index=False
    )
    # Without a constraint: whoever follows an event never waits for leads that are locked. A lead that
    # is gone is taken out by the event that tells of it.
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="memberships", db_constraint=False
    )
    since = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "lead"], name="segment_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} in {self.segment_id}"


class SegmentDay(models.Model):
    """How many leads came into a segment and fell out of it on one day; filling it does not count."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="days", db_index=False
    )
    day = models.DateField()
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "day"], name="one_row_a_segment_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.day}: +{self.entered} −{self.left}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Ways to pick saved views."""

    def visible_to(self, user: User) -> "SavedViewQuerySet":
        """The views of `user` and those that are shared."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(models.Model):
    """A list of leads as somebody likes it: filters, order and columns under a name."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)  # the query string of the list
    columns = models.JSONField(default=list, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="saved_view_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
