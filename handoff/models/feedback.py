"""What sales says about leads, content and campaigns."""

from django.db import models
from django.db.models import Q

from content.models import Asset
from leadflow.core.models import User
from leads.models import Campaign, Lead, Offer


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    """Ways to pick feedback."""

    def visible_to(self, user: User) -> "FeedbackQuerySet":
        """Feedback on the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Feedback(models.Model):
    """One remark of sales, learned with one lead."""

    class About(models.TextChoices):
        LEAD = "lead", "This lead"
        ASSET = "asset", "Content they saw"
        CAMPAIGN = "campaign", "The campaign"

    class Rating(models.IntegerChoices):
        POOR = 1, "Poor"
        FAIR = 2, "Fair"
        GOOD = 3, "Good"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="feedback")
    offer = models.OneToOneField(
        Offer, null=True, blank=True, on_delete=models.SET_NULL, related_name="feedback"
    )
    by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    about = models.CharField(max_length=10, choices=About.choices, default=About.LEAD)
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="feedback"
    )
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="feedback"
    )
    rating = models.PositiveSmallIntegerField(choices=Rating.choices, null=True, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "feedback"
        constraints = [
            models.CheckConstraint(
                condition=~Q(note="") | Q(rating__isnull=False) | Q(offer__isnull=False),
                name="feedback_says_something",
            )
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="feedback_newest")]

    def __str__(self) -> str:
        return f"{self.get_about_display()}: {self.note[:60]}"
