"""A million believable leads in a minute: written by SQL, as unevenly spread as real ones."""

from datetime import datetime

from django.core.management import call_command
from django.db import connection, transaction

from content.models import Product
from leadflow.core.models import Role, Team, User
from leads.engine.tokens import vector_of
from leads.models import Campaign, Tag, Territory

FIRST = (
    "Anna Ben Carla David Emma Felix Greta Hugo Ines Jonas Klara "
    "Leon Mara Noah Olga Paul Quentin Rosa Sven Tina"
).split()
LAST_STEMS = (
    "Acker Berg Clausen Dorn Eber Frank Gross Haupt Iver Jansen Keller "
    "Lang Maier Nord Otto Petersen Quast Richter "
    "Schmidt Thoma Ulrich Vogel Wagner Zimmer"
).split()
SOURCES = (
    "web trade_show search social webinar referral newsletter partner phone list_purchase".split()
)
COUNTRIES = "DE AT CH FR IT ES NL BE PL CZ DK SE NO FI GB IE US CA PT LI".split()
REPS, TERRITORIES, CAMPAIGNS, COMPANIES = 40, 12, 60, 20_000
FACTS = ("first_name", "last_name", "email", "phone", "external_id")
BATCH = 20_000


def gather(count: int, *, at: datetime) -> None:
    """Empty the database, then fill it with `count` leads and what they are filtered by."""
    call_command("flush", interactive=False, verbosity=0)
    _surroundings()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(_COMPANIES, {"count": COMPANIES})
        cursor.execute(
            _LEADS,
            {
                "count": count,
                "at": at,
                "first": FIRST,
                "last": LAST_STEMS,
                "sources": SOURCES,
                "countries": COUNTRIES,
                "reps": _ids(User.objects.filter(role=Role.REP)),
                "territories": _ids(Territory.objects.all()),
                "campaigns": _ids(Campaign.objects.all()),
                "companies": COMPANIES,
            },
        )
        cursor.execute(_HISTORY)
        cursor.execute(_PRODUCTS, {"products": _ids(Product.objects.all())})
        cursor.execute(_TAGS, {"tags": _ids(Tag.objects.all())})
        for table in ("leads_lead", "leads_stagechange"):  # the next one comes behind them
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    _write_tokens()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _ids(rows: object) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))  # type: ignore[attr-defined]


def _surroundings() -> None:
    """Who works with the leads, and what they came by."""
    sales = Team.objects.get(key="sales")
    territories = Territory.objects.bulk_create(
        Territory(key=f"t{n}", name=f"Territory {n}") for n in range(TERRITORIES)
    )
    for number in range(REPS):
        rep = User.objects.create_user(
            f"rep{number}@x.org", name=f"Rep {number}", role=Role.REP, team=sales
        )
        rep.territories.add(territories[number % TERRITORIES])
    Campaign.objects.bulk_create(
        Campaign(key=f"c{n}", name=f"Campaign {n}") for n in range(CAMPAIGNS)
    )
    Product.objects.bulk_create(Product(key=f"p{n}", name=f"Product {n}") for n in range(8))
    Tag.objects.bulk_create(Tag(key=f"tag{n}", name=f"Tag {n}") for n in range(20))


def _write_tokens() -> None:
    """Tokens as the services make them; the index is built afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX lead_tokens")
        last = 0
        while True:
            cursor.execute(_PEOPLE, [last, BATCH])
            rows = cursor.fetchall()
            if not rows:
                break
            last = rows[-1][0]
            vectors = [vector_of(dict(zip(FACTS, row[1:6], strict=True)), row[6]) for row in rows]
            cursor.execute(
                "INSERT INTO leads_leadtokens SELECT * FROM unnest(%s::bigint[], %s::tsvector[])",
                [[row[0] for row in rows], vectors],
            )
        cursor.execute("CREATE INDEX lead_tokens ON leads_leadtokens USING gin (tokens)")


_PEOPLE = """
SELECT lead.id, first_name, last_name, email, phone, external_id, coalesce(company.name, '')
  FROM leads_lead AS lead LEFT JOIN leads_company AS company ON company.id = lead.company_id
 WHERE lead.id > %s ORDER BY lead.id LIMIT %s
"""
_COMPANIES = """
INSERT INTO leads_company (name, domain, industry, country, created_at)
SELECT (ARRAY['Nordic', 'Alpine', 'United', 'Blue', 'First', 'Prime'])[1 + n %% 6] || ' ' ||
       (ARRAY['Pumps', 'Valves', 'Foods', 'Steel', 'Glass'])[1 + n / 7 %% 5] || ' ' || n || ' GmbH',
       'firm' || n || '.example.com', '', '', now()
  FROM generate_series(1, %(count)s) AS n
"""
# Squares of random numbers make few values frequent and many rare; what is old scores less and rests
# further along the path, as in real life
_LEADS = """
WITH drawn AS (
    SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
           random() AS f, random() AS g, random() ^ 1.5 AS age
      FROM generate_series(1, %(count)s) AS n
), placed AS (
    SELECT *, %(at)s - age * interval '1200 days' AS came,
           CASE WHEN g < .55 THEN 'inquiry' WHEN g < .63 THEN 'mql' WHEN g < .68 THEN 'sal'
                WHEN g < .71 THEN 'sql' WHEN g < .72 + age * .02 THEN 'opportunity'
                WHEN g < .72 + age * .08 THEN 'customer' WHEN g < .90 THEN 'recycled'
                WHEN g < .97 THEN 'disqualified' ELSE 'lost' END AS stage,
           floor(45 * b * b)::int AS engagement, floor(50 * c)::int AS fit
      FROM drawn
)
INSERT INTO leads_lead (
    id, email, phone, external_id, first_name, last_name, job_title, company_id, country, language,
    persona, attributes, source, campaign_id, owner_id, territory_id, stage, stage_since, cycle,
    last_change, engagement, fit, score, grade, created_at, last_activity_at
)
SELECT n, CASE WHEN a < .995 THEN 'person' || n || '@firm' || n %% %(companies)s || '.example.com'
               ELSE '' END,
       CASE WHEN b < .6 THEN '+4930' || lpad(n::text, 7, '0') ELSE '' END, '',
       (%(first)s)[1 + floor(20 * a * b)::int],
       (%(last)s)[1 + floor(24 * c)::int] || CASE WHEN d < .7 THEN '' ELSE (n %% 5000)::text END,
       'Engineer', CASE WHEN d < .9 THEN (SELECT min(id) FROM leads_company) + n %% %(companies)s END,
       (%(countries)s)[1 + floor(20 * e * e * e)::int], 'en',
       (ARRAY['unknown', 'decision_maker', 'technical_user', 'influencer'])[1 + floor(4 * e)::int],
       '{}', CASE WHEN f < .98 THEN (%(sources)s)[1 + floor(10 * d * d)::int] END,
       CASE WHEN f < .5 THEN (%(campaigns)s)[1 + floor(60 * f * a * 2)::int] END,
       CASE WHEN g >= .55 THEN (%(reps)s)[1 + floor(40 * e * d)::int] END,
       CASE WHEN a < .9 THEN (%(territories)s)[1 + floor(12 * f * f)::int] END,
       stage, came + (%(at)s - came) * d, 1, n, engagement, fit, engagement + fit,
       (ARRAY['C', 'B', 'A'])[1 + fit / 17] || (ARRAY['3', '2', '1'])[1 + engagement / 16],
       came, CASE WHEN b > .25 THEN came + (%(at)s - came) * a * a END
  FROM placed
"""
_HISTORY = """
INSERT INTO leads_stagechange (
    id, lead_id, from_stage, to_stage, verb, at, recorded_at, cause_kind, reason, note, cycle,
    pipeline_version
)
SELECT last_change, id, NULL, stage, 'enter', stage_since, created_at, '', '', '', 1, 1 FROM leads_lead
"""
_PRODUCTS = """
INSERT INTO leads_lead_products (lead_id, product_id)
SELECT id, (%(products)s)[1 + floor(8 * random() ^ 2)::int] FROM leads_lead WHERE random() < .7
"""
_TAGS = """
INSERT INTO leads_lead_tags (lead_id, tag_id)
SELECT id, (%(tags)s)[1 + floor(20 * random() ^ 3)::int] FROM leads_lead WHERE random() < .2
"""
