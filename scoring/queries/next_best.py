"""What may help a lead next: the product, the promotion and the content that leads like it turned to.

Counts of what came after what (NextStep) are drawn towards the usual share, so that five leads do not
make a rule; what comes out is compared with how often anybody turns to it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Max, Q

from content.models import Asset, Persona, Product
from leads.models import Activity, Lead
from scoring.models import NextStep

RECENT = 5  # of what a lead had last
SHRINKS_BY = 20  # leads with the usual share that every count is mixed with
ENOUGH = 20  # leads of the same persona, to look at them alone
OFFERED = (
    Asset.Kind.PAGE,
    Asset.Kind.WHITE_PAPER,
    Asset.Kind.WEBINAR,
    Asset.Kind.CASE_STUDY,
    Asset.Kind.DATA_SHEET,
)


@dataclass(frozen=True)
class Suggestion:
    """A product or a piece of content; of `leads` who had `after`, `followed` turned to it next.

    `lift` is how many times as often as usual, counts of few leads drawn towards 1. Without `after` it
    is what most turn to.
    """

    item: Asset | Product
    after: str
    leads: int
    followed: int
    lift: float
    persona: str

    @property
    def words(self) -> str:
        """Why it is suggested."""
        who = f"{_people(self.persona)} " if self.persona else "leads "
        if not self.after:
            return f"What most {who}turn to next"
        return f"{self.followed:,} of {self.leads:,} {who}turned to it after “{self.after}”"


@dataclass(frozen=True)
class NextBest:
    """One suggestion of each kind, or None where nothing suits."""

    asset: Suggestion | None
    promotion: Suggestion | None
    product: Suggestion | None

    @property
    def has_any(self) -> bool:
        """Whether there is anything to suggest."""
        return bool(self.asset or self.promotion or self.product)


@dataclass(frozen=True)
class _Had:
    """What a lead had, the latest first."""

    assets: list[int]
    products: list[int]


def next_best(lead: Lead) -> NextBest:
    """What may help a lead next; never what it had already, only what is live and suits it."""
    had = _had(lead)
    steps = _steps("asset", had.assets, lead)
    suiting = _suiting(lead, [step.to_asset_id for step in steps], had)
    names = dict(Asset.objects.filter(pk__in=had.assets[:RECENT]).values_list("pk", "title"))
    return NextBest(
        asset=_best(steps, {pk: one for pk, one in suiting.items() if one.kind in OFFERED}, names),
        promotion=_best(
            steps,
            {pk: one for pk, one in suiting.items() if one.kind == Asset.Kind.PROMOTION},
            names,
        ),
        product=_best_product(lead, had.products),
    )


def _had(lead: Lead) -> _Had:
    """Everything that reached the lead counts as had: what it looked at, and what we sent."""
    with_asset = Activity.objects.filter(lead=lead, asset__isnull=False, is_automatic=False)
    latest = with_asset.order_by().values("asset_id").annotate(last_at=Max("occurred_at"))
    assets = [row["asset_id"] for row in latest.order_by("-last_at", "asset_id")]
    links = Asset.products.through.objects.filter(asset_id__in=assets)
    products: dict[int, list[int]] = {}
    for asset_id, product_id in links.order_by("pk").values_list("asset_id", "product_id"):
        products.setdefault(asset_id, []).append(product_id)
    in_order = [product for asset in assets for product in products.get(asset, [])]
    return _Had(assets, list(dict.fromkeys(in_order)))


def _steps(kind: str, had: Collection[int], lead: Lead) -> list[NextStep]:
    recent = list(had)[:RECENT]
    where = Q(**{f"from_{kind}__in": recent}) | Q(**{f"from_{kind}": None})
    personas = {"", lead.persona} - {Persona.UNKNOWN}
    found = NextStep.objects.filter(where, kind=kind, persona__in=personas)
    return list(found.exclude(**{f"to_{kind}__in": list(had)}).order_by("pk"))


def _suiting(lead: Lead, ids: Iterable[int | None], had: _Had) -> dict[int, Asset]:
    """Content in use for the products, the persona and the stage of the lead."""
    products = {*had.products, *lead.products.values_list("pk", flat=True)}
    live = Asset.objects.filter(pk__in={pk for pk in ids if pk}, is_public=True)
    found = {}
    for asset in live.prefetch_related("products"):
        about = {product.pk for product in asset.products.all()}
        for_persona = not asset.personas or lead.persona in {*asset.personas, Persona.UNKNOWN}
        for_stage = not asset.stages or lead.stage in asset.stages
        if for_persona and for_stage and (not about or not products or about & products):
            found[asset.pk] = asset
    return found


def _best_product(lead: Lead, had: list[int]) -> Suggestion | None:
    """The product to speak of next: one the lead has not looked at yet."""
    steps = _steps("product", had, lead)
    products = {
        product.pk: product
        for product in Product.objects.filter(is_active=True)
        if product.pk not in had
    }
    names = dict(Product.objects.filter(pk__in=had[:RECENT]).values_list("pk", "name"))
    return _best(steps, products, names)


def _best(
    steps: Iterable[NextStep], items: dict[int, Asset] | dict[int, Product], names: dict[int, str]
) -> Suggestion | None:
    """The item with the highest lift; where nothing is known of what the lead had, the most usual."""
    usual, after = _sorted_out(steps, items)
    found = []
    for (from_id, to_id), step in after.items():
        base = usual.get(to_id)
        if from_id not in names or base is None:
            continue
        share = base.followed / base.leads
        smoothed = (step.followed + SHRINKS_BY * share) / (step.leads + SHRINKS_BY)
        lift = smoothed / share
        found.append((lift > 1, lift, step.followed, -to_id, step, names[from_id]))
    likely = [one for one in found if one[0]]
    if likely:
        _, lift, _, negative, step, name = max(likely, key=lambda one: one[:4])
        item = items[-negative]
        return Suggestion(item, name, step.leads, step.followed, lift, step.persona)
    most = max(usual.values(), key=lambda step: (step.followed, -_to(step)), default=None)
    if most is None:
        return None
    return Suggestion(items[_to(most)], "", most.leads, most.followed, 1.0, most.persona)


def _sorted_out(
    steps: Iterable[NextStep], items: dict[int, Asset] | dict[int, Product]
) -> tuple[dict[int, NextStep], dict[tuple[int, int], NextStep]]:
    """Steps to these items: from anything, and from one thing; of the same persona where enough did."""
    usual: dict[int, NextStep] = {}
    after: dict[tuple[int, int], NextStep] = {}
    for step in sorted(steps, key=lambda step: bool(step.persona)):
        if _to(step) not in items or (step.persona and step.leads < ENOUGH):
            continue
        from_id = step.from_asset_id or step.from_product_id
        if from_id is None:
            usual[_to(step)] = step
        else:
            after[from_id, _to(step)] = step
    return usual, after


def _to(step: NextStep) -> int:
    return int(step.to_asset_id or step.to_product_id or 0)


def _people(persona: str) -> str:
    return f"{str(Persona(persona).label).lower()}s"
