"""A small world that random rules and activities may name, and the strategies that draw them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from content.models import Asset, Product
from leads.models import Activity, Campaign, Form, FormSubmission, Lead
from scoring.models import Rule, RuleSet, ScoreGroup

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
KINDS = ["page_view", "download", "form"]
ADDRESSES = [
    "https://www.example.com/pricing?utm_source=ad",
    "https://shop.example.com/Pricing/",
    "https://www.example.com/",
    "http://www.example.com/products/pumps_x/100%25#top",
    "",
]
PATTERNS = [
    *("/pricing", "*/pricing", "www.example.com/*", "/", "/products/*"),
    *("*pumps_x*", "/products/pumps-x/*", "*100%25", "*a*b*c*d*"),
]
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

maybe = st.none() | st.integers(0, 1)
which = st.integers(0, 1)
# Most rules are about one thing: those about many match next to nothing.
about = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"asset": which}),
    st.fixed_dictionaries({"asset_kind": st.sampled_from(["page", "white_paper"])}),
    st.fixed_dictionaries({"product": which}),
    st.fixed_dictionaries({"campaign": which}),
    st.fixed_dictionaries({"form": which}),
    st.fixed_dictionaries({"url_pattern": st.sampled_from(PATTERNS)}),
    st.fixed_dictionaries({"asset_kind": st.just("page"), "product": which, "campaign": maybe}),
    st.fixed_dictionaries({"product": which, "url_pattern": st.sampled_from(PATTERNS)}),
    st.fixed_dictionaries({"asset": which, "url_pattern": st.sampled_from(PATTERNS)}),
)
rule_facts = st.builds(
    lambda facts, more: facts | more,
    st.fixed_dictionaries(
        {
            "group": st.integers(0, 2),
            "kind": st.sampled_from(KINDS),
            "points": st.integers(-30, 60),
            "limit": st.sampled_from(Rule.Limit.values),
            "limit_count": st.integers(1, 4),
            "is_active": st.sampled_from([True, True, True, False]),
        }
    ),
    about,
)
group_facts = st.tuples(st.none() | st.integers(1, 90), st.none() | st.integers(0, 100))
activity_facts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "hours": st.integers(-2, 400) | st.integers(0, 60),  # ago; less than none is yet to come
        "asset": maybe,
        "campaign": maybe,
        "form": maybe,
        "url": st.sampled_from(ADDRESSES),
        "is_automatic": st.sampled_from([False, False, False, True]),
    }
)
groups_drawn = st.lists(group_facts, min_size=3, max_size=3)
PLAIN: dict[str, Any] = {"asset": None, "campaign": None, "form": None, "url": ""}
PLAIN_RULE: dict[str, Any] = {"group": 0, "limit": "none"}


class World:
    """Two assets, products, campaigns and forms that rules and activities may name."""

    def __init__(self) -> None:
        self.assets = [
            Asset.objects.create(key=f"asset-{kind}", title=kind, kind=kind)
            for kind in ("page", "white_paper")
        ]
        self.products = [Product.objects.create(key=f"p{n}", name=f"Product {n}") for n in (0, 1)]
        self.campaigns = [
            Campaign.objects.create(key="c0", name="Campaign 0", product=self.products[0]),
            Campaign.objects.create(key="c1", name="Campaign 1"),
        ]
        self.forms = [
            Form.objects.create(slug="f0", name="Form 0"),
            Form.objects.create(slug="f1", name="Form 1", product=self.products[1]),
        ]
        self.assets[0].products.set(self.products[:1])
        self.assets[1].products.set(self.products)
        self.sent = 0

    def pick(self, things: str, which: int | None) -> object:
        """One of the two, or nothing."""
        return None if which is None else getattr(self, things)[which]

    def rule_set(self, groups: list, rules: list, cap: int | None = None) -> RuleSet:
        """A version in use with these groups (half-life, cap) and rules."""
        RuleSet.objects.filter(state="published").update(state="replaced")
        number = RuleSet.objects.order_by("-number")[0].number + 1
        rule_set = RuleSet.objects.create(
            number=number, state="published", published_at=AT, engagement_cap=cap
        )
        rows = [
            ScoreGroup.objects.create(
                rule_set=rule_set, key=f"g{n}", name=f"G{n}", half_life_days=days, cap=most
            )
            for n, (days, most) in enumerate(groups)
        ]
        for facts in rules:
            facts = PLAIN_RULE | facts
            named = {
                name: self.pick(f"{name}s", facts.get(name))
                for name in ("asset", "campaign", "product", "form")
            }
            if facts["kind"] != "form":
                named["form"] = None
            Rule.objects.create(
                rule_set=rule_set,
                label="A rule",
                **(facts | named | {"group": rows[facts["group"]]}),
            )
        return rule_set

    def record(self, lead: Lead, activities: list) -> list[Activity]:
        """Store activities as they are, telling nobody."""
        return Activity.objects.bulk_create(
            self._activity(lead, PLAIN | facts) for facts in activities
        )

    def _activity(self, lead: Lead, facts: dict[str, Any]) -> Activity:
        activity = Activity(
            lead=lead,
            kind=facts["kind"],
            occurred_at=AT - timedelta(hours=facts["hours"]),
            asset=self.pick("assets", facts["asset"]),
            campaign=self.pick("campaigns", facts["campaign"]),
            url=facts["url"],
            is_automatic=facts.get("is_automatic", False),
        )
        if facts["form"] is not None:
            self.sent += 1
            sent = FormSubmission.objects.create(
                form=self.forms[facts["form"]], token=f"t{self.sent}", values={}, received_at=AT
            )
            activity.source_kind, activity.source_id = "submission", sent.pk
        return activity
