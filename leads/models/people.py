"""Leads and what belongs to a person: company, territory, consent, opportunity."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django_fsm import GET_STATE, FSMField, transition

from content.models import Persona, Product
from leadflow.core.models import Role, User
from leads.engine import pipeline as paths
from leads.models.stages import Handoff, Stage


class Territory(models.Model):
    """A part of the market; its members see its leads."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(User, blank=True, related_name="territories")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """An organisation that leads work for."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=80, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [models.UniqueConstraint(Lower("name"), name="company_name_unique")]

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    """Ways to pick leads."""

    def visible_to(self, user: User) -> "LeadQuerySet":
        """Leads that the role and the territories of `user` allow them to see."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.role in {Role.ADMIN, Role.MANAGER, Role.MARKETER}:
            return self
        if user.role == Role.CARE:
            won = Stage.objects.filter(kind=Stage.Kind.WON).values("key")
            return self.filter(Q(stage__in=won) | Q(owner=user))
        mine = Territory.members.through.objects.filter(
            user_id=user.pk, territory_id=OuterRef("territory_id")
        )
        return self.filter(Q(owner=user) | Q(territory=None) | Exists(mine))


# Conditions of the verbs; the library calls them with the lead alone.


def _awaits_answer(lead: Any) -> bool:
    return bool(lead.pipeline.awaits_answer(lead.stage))


def _is_open(lead: Any) -> bool:
    return bool(lead.pipeline.is_open(lead.stage))


def _is_detour_or_won(lead: Any) -> bool:
    return bool(not lead.pipeline.is_open(lead.stage))


def _can_advance(lead: Any) -> bool:
    return bool(
        lead.pipeline.next_step(lead.stage, lead.towards, may_skip=lead.may_skip) is not None
    )


def _can_be_offered(lead: Any) -> bool:
    return bool(
        lead.pipeline.offer_ahead(lead.stage, lead.towards, may_skip=lead.may_skip) is not None
    )


def _can_win(lead: Any) -> bool:
    return bool(lead.pipeline.can_win(lead.stage, may_skip=lead.may_skip))


def _can_lose(lead: Any) -> bool:
    return bool(lead.pipeline.can_lose(lead.stage))


class Lead(models.Model):
    """A person who has shown interest; always in exactly one stage, moved by verbs only."""

    # Identity
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    job_title = models.CharField(max_length=120, blank=True)
    company = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        db_index=False,
    )
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=10, blank=True)
    persona = models.CharField(max_length=20, choices=Persona.choices, default=Persona.UNKNOWN)
    products = models.ManyToManyField(Product, blank=True, related_name="leads")
    attributes = models.JSONField(default=dict, blank=True)
    search = models.TextField(blank=True, editable=False)

    # Where they came from; NULL says nobody knows, "" that the source was left blank
    source = models.CharField(max_length=80, null=True, blank=True)
    campaign = models.ForeignKey(
        "leads.Campaign",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        db_index=False,
    )

    # Who works on them
    owner = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        db_index=False,
    )
    territory = models.ForeignKey(
        Territory,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        db_index=False,
    )

    # Where they stand; a deferred foreign key ties stage and last_change to history
    stage = FSMField(max_length=40, protected=True)
    stage_since = models.DateTimeField()
    cycle = models.PositiveIntegerField(default=1)
    last_change = models.BigIntegerField(editable=False)

    # Score snapshot, written through leads.services alone
    engagement = models.IntegerField(default=0)
    fit = models.IntegerField(default=0)
    score = models.IntegerField(default=0)
    grade = models.CharField(max_length=2, blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    last_activity_at = models.DateTimeField(null=True, blank=True)

    objects = LeadQuerySet.as_manager()

    # Given by the service that moves the lead; conditions get only the instance
    pipeline: paths.Pipeline
    towards: str = ""
    may_skip: bool = False

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=~Q(email=""), name="lead_email_unique"
            ),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="lead_external_id_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["stage", "-score", "-id"], name="lead_stage_score"),
            models.Index(fields=["-score", "-id"], name="lead_by_score"),
            # Every change of stage writes every index of the row: those of owner and territory are
            # partial and serve their foreign keys, too.
            models.Index(
                fields=["owner", "stage"], name="lead_owner_stage", condition=Q(owner__isnull=False)
            ),
            models.Index(
                fields=["territory", "stage"],
                name="lead_territory_stage",
                condition=Q(territory__isnull=False),
            ),
            models.Index(fields=["phone"], name="lead_by_phone", condition=~Q(phone="")),
            models.Index(
                fields=["campaign"], name="lead_by_campaign", condition=Q(campaign__isnull=False)
            ),
            models.Index(
                fields=["company"], name="lead_by_company", condition=Q(company__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The best name we have."""
        full = f"{self.first_name} {self.last_name}".strip()
        return full or self.email or self.phone or self.external_id or f"Lead {self.pk}"

    # Verbs. Each target comes from the pipeline that the service has given.

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(
            lambda lead, **_: lead.pipeline.offer_ahead(
                lead.stage, lead.towards, may_skip=lead.may_skip
            )
        ),
        conditions=[_can_be_offered],
    )
    def offer(self) -> None:
        """Offer the lead to the next team: it enters the offered side of a hand-off."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.accepted_side(lead.stage)),
        conditions=[_awaits_answer],
    )
    def accept(self) -> None:
        """Take an offered lead: it enters the accepted side of its hand-off."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.RECYCLED)),
        conditions=[_awaits_answer],
    )
    def reject(self) -> None:
        """Give an offered lead back with a reason: it is recycled into nurture."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.RECYCLED)),
        conditions=[_awaits_answer],
    )
    def expire(self) -> None:
        """Nobody answered in time: silence is not acceptance, the lead is recycled."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(
            lambda lead, **_: lead.pipeline.next_step(
                lead.stage, lead.towards, may_skip=lead.may_skip
            )
        ),
        conditions=[_can_advance],
    )
    def advance(self) -> None:
        """Move one step along the path, where no hand-off stands in between."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.won_stage()),
        conditions=[_can_win],
    )
    def win(self) -> None:
        """The lead buys: it becomes a customer."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.LOST)),
        conditions=[_can_lose],
    )
    def lose(self) -> None:
        """Sales has lost the lead."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.RECYCLED)),
        conditions=[_is_open],
    )
    def recycle(self) -> None:
        """Not now: back to marketing."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.DISQUALIFIED)),
        conditions=[_is_open],
    )
    def disqualify(self) -> None:
        """Never: this is no lead."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.first_stage()),
        conditions=[_is_detour_or_won],
    )
    def revive(self) -> None:
        """New interest: a new cycle begins at the start of the path."""
        self.cycle += 1


class StageChangeQuerySet(models.QuerySet["StageChange"]):
    """Ways to pick history."""

    def visible_to(self, user: User) -> "StageChangeQuerySet":
        """History of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class StageChange(models.Model):
    """One line of a lead's history. Append-only; the last row is the one with the highest id."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="changes", db_index=False)
    from_stage = models.ForeignKey(
        Stage,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_column="from_stage",
        db_index=False,
        db_constraint=False,  # it was the to_stage of the row before
    )
    to_stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, related_name="+", db_column="to_stage", db_index=False
    )
    verb = models.CharField(max_length=20)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    cause_kind = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    cycle = models.PositiveIntegerField()
    seconds = models.BigIntegerField(null=True)
    business_seconds = models.BigIntegerField(null=True)
    pipeline_version = models.PositiveIntegerField()

    objects = StageChangeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["to_stage", "at"], name="change_into_stage"),
            # Where cycles begin: the cohorts of every report.
            models.Index(
                fields=["at", "lead", "cycle"],
                name="change_begins_cycle",
                condition=Q(from_stage=None) | Q(verb="revive"),
            ),
        ]
        constraints = [
            # What the deferred foreign key of the lead row points at.
            models.UniqueConstraint(fields=["lead", "id", "to_stage"], name="change_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.from_stage_id or '·'} → {self.to_stage_id}"


class OfferQuerySet(models.QuerySet["Offer"]):
    """Ways to pick offers."""

    def visible_to(self, user: User) -> "OfferQuerySet":
        """Offers of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def pending(self) -> "OfferQuerySet":
        """Offers nobody has answered yet."""
        return self.filter(outcome=Offer.Outcome.PENDING)


class Offer(models.Model):
    """One lead crossing one hand-off: the sole source of acceptance figures."""

    class Outcome(models.TextChoices):
        PENDING = "pending", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="offers")
    handoff = models.ForeignKey(
        Handoff, on_delete=models.PROTECT, related_name="offers", db_index=False
    )
    opened_by = models.BigIntegerField()  # the stage change that opened it
    closed_by = models.BigIntegerField(null=True)
    cycle = models.PositiveIntegerField()
    offered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    team = models.ForeignKey(
        "core.Team", null=True, on_delete=models.SET_NULL, related_name="offers"
    )
    assignee = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="offers")
    assigned_because = models.CharField(max_length=200, blank=True)
    cause_kind = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(outcome="pending"), name="one_pending_offer_a_lead"
            ),
            models.CheckConstraint(
                condition=Q(outcome="pending", decided_at=None)
                | (~Q(outcome="pending") & Q(decided_at__isnull=False)),
                name="offer_decided_or_pending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="offers_waiting", condition=Q(outcome="pending")
            ),
            models.Index(fields=["handoff", "offered_at"], name="offer_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} over {self.handoff_id}: {self.outcome}"


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    """Ways to pick opportunities."""

    def visible_to(self, user: User) -> "OpportunityQuerySet":
        """Opportunities of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Opportunity(models.Model):
    """Money expected from a lead; won or lost."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="opportunities")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    expected_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name_plural = "opportunities"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="amount_not_negative"),
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state="open"), name="one_open_opportunity_a_lead"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Consent(models.Model):
    """What a person agreed to or withdrew: dated, with the wording they saw. Append-only."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", "Marketing messages"
        TRACKING = "tracking", "Remembering visits"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    is_given = models.BooleanField()
    wording = models.TextField(blank=True)
    wording_version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                F("lead"), F("purpose"), F("at").desc(), F("id").desc(), name="consent_latest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'given' if self.is_given else 'withdrawn'}"
