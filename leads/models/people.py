"""People: territories, companies, and the leads whose verbs are defined here."""

from collections.abc import Collection
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Lower
from django_fsm import GET_STATE, FSMField, transition

from content.models import Persona, Product
from leadflow.core.models import Role, User
from leads.engine import pipeline as paths
from leads.models import lookups  # noqa: F401  (registers itself)
from leads.models.stages import Stage


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


class Tag(models.Model):
    """A word that people put on leads to find them again."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """An organisation that leads work for."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=80, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # Words of the name and the domain, folded: what the search box looks through
    tokens = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [models.UniqueConstraint(Lower("name"), name="company_name_unique")]
        indexes = [GinIndex(fields=["tokens"], name="company_tokens")]

    def __str__(self) -> str:
        return self.name


# Read along every order of the list without a look at the rows
WALKED = (
    "grade source country persona owner territory campaign score created_at stage_since "
    "last_activity_at".split()
)


def _without(*names: str) -> list[str]:
    """What an index adds to its own columns."""
    return [name for name in WALKED if name not in names]


class LeadQuerySet(models.QuerySet["Lead"]):
    """Ways to pick leads."""

    def visible_to(
        self, user: User, *, within: Collection[int] | Collection[str] | None = None
    ) -> "LeadQuerySet":
        """Leads that the role and the territories of `user` allow them to see.

        `within` is what `sight_of` told: known values let PostgreSQL choose the way by how many there are.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.role in {Role.ADMIN, Role.MANAGER, Role.MARKETER}:
            return self
        if user.role == Role.CARE:
            won: Any = Stage.objects.filter(kind=Stage.Kind.WON).values("key")
            return self.filter(Q(stage__in=won if within is None else within) | Q(owner=user))
        if within is None:
            members = Territory.members.through.objects.filter(user_id=user.pk)
            mine = Q(Exists(members.filter(territory_id=OuterRef("territory_id"))))
        else:
            mine = Q(territory__in=within)
        return self.filter(Q(owner=user) | Q(territory=None) | mine)


def sight_of(user: User) -> list[int] | list[str]:
    """Territories or stages with whose leads the view of `user` ends; none where it ends nowhere."""
    if user.is_authenticated and user.role == Role.CARE:
        return list(Stage.objects.filter(kind=Stage.Kind.WON).values_list("key", flat=True))
    if user.is_authenticated and user.role == Role.REP:
        return list(user.territories.values_list("pk", flat=True))
    return []


# Conditions of the verbs; the library calls them with the lead alone.


def _awaits_answer(lead: Any) -> bool:
    return bool(lead.pipeline.awaits_answer(lead.stage))


def _may_go_back(lead: Any) -> bool:
    return bool(lead.pipeline.may_go_back(lead.stage))


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
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads")
    attributes = models.JSONField(default=dict, blank=True)

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
    # Everything personal is gone; the row stays for the figures
    erased_at = models.DateTimeField(null=True, blank=True)

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
            # The orders of the list (leads.queries.walks): along each, what leads are most often
            # narrowed by is read from the index alone
            models.Index(
                fields=["stage", "-score", "-id"], include=_without("score"), name="lead_walk_score"
            ),
            models.Index(
                fields=["stage", "-created_at", "-id"],
                include=_without("created_at"),
                name="lead_walk_newest",
            ),
            models.Index(
                fields=["stage", "-stage_since", "-id"],
                include=_without("stage_since"),
                name="lead_walk_stage",
            ),
            models.Index(
                "stage",
                Greatest("last_activity_at", "created_at").desc(),
                F("id").desc(),
                include=WALKED,
                name="lead_walk_activity",
            ),
            # A grade goes with the score: along the scores its leads stand close together
            models.Index(
                fields=["grade", "-score", "-id"],
                include=[*_without("grade", "score"), "stage"],
                name="lead_walk_grade",
            ),
            models.Index(fields=["country"], name="lead_by_country", condition=~Q(country="")),
            models.Index(fields=["source"], name="lead_by_source"),
            models.Index(fields=["id"], name="lead_without_email", condition=Q(email="")),
            models.Index(fields=["id"], name="lead_without_phone", condition=Q(phone="")),
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
        if self.erased_at is not None:
            return "Erased person"
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
        conditions=[_may_go_back],
    )
    def reject(self) -> None:
        """Give an offered lead back with a reason: it is recycled into nurture."""

    @transition(
        field=stage,
        source="*",
        target=GET_STATE(lambda lead, **_: lead.pipeline.detour(paths.RECYCLED)),
        conditions=[_may_go_back],
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


class LeadTokens(models.Model):
    """What a lead is found by. Apart from the lead row, so that a change of stage does not write it.

    Words of name, addresses, numbers and company, as leads.engine.tokens makes them. Those that begin
    with "=" are keys by which duplicates find each other; no search begins so.
    """

    lead = models.OneToOneField(
        Lead, primary_key=True, on_delete=models.CASCADE, related_name="tokens"
    )
    tokens = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["tokens"], name="lead_tokens")]

    def __str__(self) -> str:
        return str(self.lead_id)
