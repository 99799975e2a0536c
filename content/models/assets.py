"""What we sell, whom we speak to, and the pieces of content that suit them."""

from django.db import models

from leadflow.core.models import User


class Persona(models.TextChoices):
    """The part a person plays in buying."""

    DECISION_MAKER = "decision_maker", "Decision maker"
    TECHNICAL_USER = "technical_user", "Technical user"
    INFLUENCER = "influencer", "Influencer"
    UNKNOWN = "unknown", "Not known yet"


class Product(models.Model):
    """Something we sell."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Asset(models.Model):
    """A piece of content: a page, a white paper, the text of an e-mail or of a letter …"""

    class Kind(models.TextChoices):
        PAGE = "page", "Page"
        WHITE_PAPER = "white_paper", "White paper"
        WEBINAR = "webinar", "Webinar"
        CASE_STUDY = "case_study", "Case study"
        DATA_SHEET = "data_sheet", "Data sheet"
        PROPOSAL = "proposal", "Proposal"
        PROMOTION = "promotion", "Promotion"
        EMAIL = "email", "E-mail"
        LETTER = "letter", "Letter"
        CALL_GUIDE = "call_guide", "Call guide"

    key = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    products = models.ManyToManyField(Product, blank=True, related_name="assets")
    personas = models.JSONField(default=list, blank=True)
    stages = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]
        indexes = [models.Index(fields=["kind", "title"], name="asset_by_kind")]

    def __str__(self) -> str:
        return self.title


class AssetVersion(models.Model):
    """The text of an asset as it was sent under one version number. Append-only."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["asset", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "number"], name="asset_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"
