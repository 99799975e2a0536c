"""The demo company: its people, products, campaigns, content and forms."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.contrib.auth.hashers import make_password

from content.models import Asset, Persona, Product
from leadflow.core.models import Absence, Role, Team, User
from leads import services as leads
from leads.models import Campaign, CampaignCost, Form, Handoff, Territory

PASSWORD = "leadflow-demo"
AGREED_BEFORE = timedelta(days=3 * 365)

PEOPLE = (
    # e-mail name, name, role, team, title, territories
    ("admin", "Ada Admin", Role.ADMIN, None, "Administrator", ()),
    ("max", "Max Manager", Role.MANAGER, "sales", "Head of sales", ()),
    ("mara", "Mara Marketer", Role.MARKETER, "marketing", "Demand generation", ()),
    ("tom", "Tom Teller", Role.MARKETER, "marketing", "Content", ()),
    ("rita", "Rita Rep", Role.REP, "sales", "Account executive", ("north", "west")),
    ("ravi", "Ravi Rao", Role.REP, "sales", "Account executive", ("south",)),
    ("sofia", "Sofia Santos", Role.REP, "sales", "Account executive", ("south", "west")),
    ("jonas", "Jonas Jung", Role.REP, "sales", "Lead development", ("north",)),
    ("mei", "Mei Lin", Role.REP, "sales", "Lead development", ("west",)),
    ("olga", "Olga Orlova", Role.REP, "sales", "Account executive", ("north", "south")),
    ("cora", "Cora Care", Role.CARE, "care", "Customer care", ()),
)
TERRITORIES = {"north": "North", "south": "South", "west": "West"}
COUNTRIES = {
    "north": ("SE", "DK", "NO", "FI"),
    "south": ("IT", "ES", "PT", "AT"),
    "west": ("FR", "NL", "BE", "GB"),
}
PRODUCTS = (
    # key, name, description, usual price
    ("pump-monitor", "Pump Monitor", "Sees a failing pump two weeks before it fails.", 9_500),
    ("line-planner", "Line Planner", "Plans a production line in minutes.", 24_000),
    ("energy-report", "Energy Report", "Shows where the energy of a plant goes.", 6_200),
    ("service-desk", "Service Desk", "Field service without paper.", 14_800),
)
PAGES = (
    # key, title, kind, product
    ("why-pumps-fail", "Why pumps fail, and how to see it coming", "page", "pump-monitor"),
    ("pump-monitor-tour", "A tour of Pump Monitor", "page", "pump-monitor"),
    ("pump-monitor-guide", "Predictive maintenance for pumps", "white_paper", "pump-monitor"),
    ("plan-a-line", "Planning a line in an afternoon", "page", "line-planner"),
    ("line-planner-guide", "Line balancing without spreadsheets", "white_paper", "line-planner"),
    ("energy-basics", "Five places where plants waste energy", "page", "energy-report"),
    ("energy-guide", "Energy reporting that auditors accept", "white_paper", "energy-report"),
    ("paperless-service", "Field service without paper", "page", "service-desk"),
    ("service-case", "How Nordwerk cut visits by a third", "case_study", "service-desk"),
    ("service-guide", "The paperless service handbook", "white_paper", "service-desk"),
    ("pump-trial", "Thirty days of Pump Monitor, free", "promotion", "pump-monitor"),
    ("line-workshop", "A planning workshop at your plant, half price", "promotion", "line-planner"),
    ("energy-check", "A free energy check for your plant", "promotion", "energy-report"),
    (
        "service-pilot",
        "Service Desk for five engineers, three months free",
        "promotion",
        "service-desk",
    ),
    ("plant-webinar", "Webinar: the quiet plant", "webinar", None),
)
# What people who read about a product come to read about, too
RELATED = {
    "pump-monitor": "service-desk",
    "line-planner": "energy-report",
    "energy-report": "pump-monitor",
    "service-desk": "pump-monitor",
}
CAMPAIGNS = (
    # key, name, kind, source of its leads, months ago from–to, planned a month
    ("search-ads", "Search ads", "search", "paid_search", (12, 0), 4_000),
    ("social-always-on", "Social, always on", "social", "social", (12, 0), 2_500),
    ("plant-fair", "Plant Fair, stand 4B12", "trade_show", "event", (8, 7), 38_000),
    ("autumn-mailing", "Autumn mailing", "mailing", "email", (3, 2), 5_500),
    ("quiet-plant", "Webinar: the quiet plant", "webinar", "webinar", (5, 4), 3_200),
    ("partner-days", "Partner days", "partner", "referral", (10, 1), 1_800),
)


@dataclass(frozen=True)
class Company:
    """What the simulation needs to know of the company."""

    reps: dict[str, list[User]]
    marketer: User
    products: dict[str, Product]
    prices: dict[str, int]
    assets: dict[str, Asset]
    campaigns: dict[str, Campaign]
    territories: dict[str, Territory]


def found_company(*, today: date, at: datetime, random: Random) -> Company:
    """Create or find everything but the leads."""
    territories = {
        key: Territory.objects.get_or_create(key=key, defaults={"name": name})[0]
        for key, name in TERRITORIES.items()
    }
    users = _hire(territories)
    products = {
        key: Product.objects.get_or_create(key=key, defaults={"name": name, "description": text})[0]
        for key, name, text, _ in PRODUCTS
    }
    assets = _write(products)
    campaigns = _campaign(products, today=today, random=random)
    _open_forms(products, assets, campaigns)
    _take_leave(users, at=at)
    _aim(at=at)
    reps: dict[str, list[User]] = {key: [] for key in TERRITORIES}
    for name, _, role, _, _, places in PEOPLE:
        for place in places if role == Role.REP else ():
            reps[place].append(users[name])
    return Company(
        reps=reps,
        marketer=users["mara"],
        products=products,
        prices={key: price for key, _, _, price in PRODUCTS},
        assets=assets,
        campaigns=campaigns,
        territories=territories,
    )


def _hire(territories: dict[str, Territory]) -> dict[str, User]:
    teams = {team.key: team for team in Team.objects.all()}
    password = make_password(PASSWORD)  # slow on purpose, and the same for everybody
    users = {}
    for name, full_name, role, team, title, places in PEOPLE:
        email = f"{name}@demo.example"
        user = User.objects.filter(email=email).first() or User.objects.create(
            email=email,
            password=password,
            name=full_name,
            role=role,
            team=teams[team] if team else None,
            title=title,
            time_zone="Europe/Berlin",
            is_staff=role == Role.ADMIN,
            is_superuser=role == Role.ADMIN,
        )
        user.territories.set([territories[place] for place in places])
        users[name] = user
    return users


def _write(products: dict[str, Product]) -> dict[str, Asset]:
    assets = {}
    for key, title, kind, product in PAGES:
        asset, is_new = Asset.objects.get_or_create(
            key=key,
            defaults={
                "title": title,
                "kind": kind,
                "summary": "What we learned in two hundred plants, in five minutes.",
                "body": _body(title),
                "personas": [Persona.TECHNICAL_USER],
                "is_public": True,
            },
        )
        if is_new and product:
            asset.products.add(products[product])
        assets[key] = asset
    return assets


def _body(title: str) -> str:
    return (
        "Every week somebody asks us about this. Here is what two hundred plants taught us.\n\n"
        "## Start with what you measure already\n\n"
        "Most plants own more data than they use. Write down three figures that somebody looks at "
        "every morning, and one that nobody looks at but should.\n\n"
        "## Change one thing\n\n"
        "- Choose the line where a stop hurts most.\n"
        "- Agree on one figure that shows whether it got better.\n"
        "- Look at it together after two weeks.\n\n"
        "## What it is worth\n\n"
        "Plants that worked like this had a third fewer unplanned stops after a year."
    )


def _campaign(products: dict[str, Product], *, today: date, random: Random) -> dict[str, Campaign]:
    month = today.replace(day=1)
    campaigns = {}
    for key, name, kind, source, (first, last), planned in CAMPAIGNS:
        starts_on = _months_before(month, first)
        campaign, is_new = Campaign.objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "kind": kind,
                "starts_on": starts_on,
                "ends_on": None if last == 0 else _months_before(month, last - 1),
                "product": products["pump-monitor"] if key == "plant-fair" else None,
            },
        )
        campaigns[source] = campaign
        if is_new:
            CampaignCost.objects.bulk_create(
                CampaignCost(
                    campaign=campaign,
                    month=_months_before(month, ago),
                    planned=planned,
                    actual=Decimal(round(planned * random.uniform(0.85, 1.2))),
                )
                for ago in range(first, max(last, 1) - 1, -1)
            )
    return campaigns


def _months_before(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def _open_forms(
    products: dict[str, Product], assets: dict[str, Asset], campaigns: dict[str, Campaign]
) -> None:
    fields = [
        {"name": "first_name", "label": "First name", "type": "text", "required": True},
        {"name": "last_name", "label": "Last name", "type": "text", "required": False},
        {"name": "email", "label": "E-mail", "type": "email", "required": True},
        {"name": "phone", "label": "Phone", "type": "tel", "required": False},
        {"name": "company", "label": "Company", "type": "company", "required": False},
    ]
    consent = "You may send me useful notes by e-mail. I can stop them with one click at any time."
    for key, asset, product in (
        ("pump-guide", "pump-monitor-guide", "pump-monitor"),
        ("line-guide", "line-planner-guide", "line-planner"),
        ("energy-guide", "energy-guide", "energy-report"),
        ("service-guide", "service-guide", "service-desk"),
    ):
        Form.objects.get_or_create(
            slug=key,
            defaults={
                "name": f"Get “{assets[asset].title}”",
                "intro": "Tell us where to send it.",
                "fields": fields,
                "consent_text": consent,
                "thanks": "Thank you. Your copy is ready, and a colleague may call to ask how you like it.",
                "asset": assets[asset],
                "product": products[product],
                "campaign": None,
            },
        )


def _take_leave(users: dict[str, User], *, at: datetime) -> None:
    if not Absence.objects.exists():
        Absence.objects.create(
            user=users["olga"],
            starts_at=at - timedelta(days=2),
            ends_at=at + timedelta(days=5),
            note="Holidays",
        )


def _aim(*, at: datetime) -> None:
    """The two teams agreed on their target long before the history begins."""
    if Handoff.objects.filter(key="mql_sal", target=1).exists():
        leads.change_handoff(key="mql_sal", target=0.7, by=None, at=at - AGREED_BEFORE)
