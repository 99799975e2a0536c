"""What each activity earns: the beginning that all scoring statements share.

Activities × rules is a join. Limits per rule come first (the earliest count), then points fade.
"""

from typing import Any

from scoring.queries.plans import Plan
from scoring.queries.scope import Scope

# One row per activity and rule that asks for it, with what is left of its points at `at`.
EARNED = """
WITH later AS MATERIALIZED ({later}),
rule AS MATERIALIZED (
    SELECT rule.id, rule.kind, rule.asset_id, rule.asset_kind, rule.campaign_id, rule.product_id,
           rule.form_id, rule.group_id, rule.points::double precision AS points,
           CASE "limit" WHEN 'none' THEN NULL WHEN 'once' THEN 1 ELSE limit_count END AS most,
           "limit" = 'daily' AS is_daily,
           CASE WHEN rule.points >= 0
                THEN score_group.half_life_days * 86400.0::double precision END AS half_life,
           rule.asset_id IS NOT NULL OR rule.asset_kind <> '' AS asks_for_asset,
           rule.url_pattern LIKE '/%%' AS is_path,
           CASE WHEN rule.url_pattern <> '' THEN
               replace(replace(replace(replace(rule.url_pattern,
                   '\\', '\\\\'), '%%', '\\%%'), '_', '\\_'), '*', '%%') END AS pattern
      FROM scoring_rule AS rule
      JOIN scoring_scoregroup AS score_group ON score_group.id = rule.group_id
     WHERE rule.rule_set_id = %s AND rule.is_active
),
done AS MATERIALIZED (
    SELECT activity.id, activity.lead_id, activity.kind, activity.asset_id, activity.campaign_id,
           activity.occurred_at, COALESCE(later.at, %s::timestamptz) AS at,
           {form_id} AS form_id, {about_id} AS about_id, {url} AS url
      FROM leads_activity AS activity
      LEFT JOIN later ON later.lead_id = activity.lead_id{begun}{lookups}
     WHERE {which} AND NOT activity.is_automatic AND activity.kind = ANY(%s)
       AND activity.occurred_at <= COALESCE(later.at, %s::timestamptz)
     UNION ALL
    -- Never a row, but the planner does not know: one lead may have done as much as a thousand others,
    -- and loops within loops over what it did would take ten times as long.
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM generate_series(1, 3000) WHERE random() < 0
),
rule_of_asset AS MATERIALIZED (
    -- of the assets that were touched: the library may be large
    SELECT rule.*, asset.id AS on_asset
      FROM rule
      JOIN content_asset AS asset
        ON (rule.asset_id IS NULL OR asset.id = rule.asset_id)
       AND (rule.asset_kind = '' OR asset.kind = rule.asset_kind)
       AND (rule.product_id IS NULL OR EXISTS (
               SELECT FROM content_asset_products AS link
                WHERE link.asset_id = asset.id AND link.product_id = rule.product_id))
     WHERE (rule.asks_for_asset OR rule.product_id IS NOT NULL)
       AND asset.id = ANY(ARRAY(SELECT DISTINCT asset_id FROM done))
),{pages}
matched AS ({matches}
),
counted AS (
    SELECT id, lead_id, occurred_at, at, rule_id, group_id, points, half_life, TRUE AS is_counted
      FROM matched WHERE most IS NULL
     UNION ALL
    SELECT id, lead_id, occurred_at, at, rule_id, group_id, points, half_life,
           row_number() OVER (
               PARTITION BY lead_id, rule_id,
                   CASE WHEN is_daily THEN (occurred_at AT TIME ZONE 'UTC')::date END
               ORDER BY occurred_at, id
           ) <= most
      FROM matched WHERE most IS NOT NULL
),
earned AS (
    -- The exponent stops at −1000: a double cannot go further down, and nothing is left by then.
    SELECT id, lead_id, occurred_at, at, rule_id, group_id, points, is_counted, half_life,
           CASE WHEN NOT is_counted THEN 0
                WHEN half_life IS NULL THEN points
                ELSE points * power(
                    2::double precision,
                    -LEAST(date_part('epoch', at - occurred_at) / half_life, 1000))
            END AS remaining
      FROM counted
)"""

# Patterns are compared once with every address that occurs, not with every activity. An address
# goes without protocol, query and fragment, and without a slash at its end but for the front page.
PAGES = """
address AS MATERIALIZED (
    SELECT url, whole, substr(whole, strpos(whole, '/')) AS path
      FROM (SELECT url, CASE WHEN strpos(bare, '/') = 0 THEN bare || '/' ELSE bare END AS whole
              FROM (SELECT url, lower(rtrim(regexp_replace(
                               split_part(split_part(url, '#', 1), '?', 1),
                               '^[A-Za-z][A-Za-z0-9+.-]*://', ''), '/')) AS bare
                      FROM (SELECT DISTINCT url FROM done WHERE url <> '') AS seen) AS stripped
           ) AS page
),
rule_of_page AS MATERIALIZED (
    SELECT rule.*, address.url AS on_url
      FROM rule
      JOIN address ON CASE WHEN rule.is_path THEN path ELSE whole END LIKE rule.pattern
     WHERE rule.pattern IS NOT NULL
),"""

MATCH = """
    SELECT done.id, done.lead_id, done.occurred_at, done.at, rule.id AS rule_id, rule.group_id,
           rule.points, rule.half_life, rule.most, rule.is_daily
      FROM done
      JOIN {rules} AS rule ON rule.kind = done.kind AND {condition}
       AND (rule.campaign_id IS NULL OR rule.campaign_id = done.campaign_id){form}"""
FORM = """
       AND (rule.form_id IS NULL OR rule.form_id = done.form_id)"""

PLAIN = "NOT rule.asks_for_asset AND rule.product_id IS NULL AND rule.pattern IS NULL"
BY_ASSET = "rule.on_asset = done.asset_id AND rule.pattern IS NULL"
# Where an activity names no asset, its campaign or its form says which product it is about.
BY_PRODUCT = "rule.product_id = done.about_id AND NOT rule.asks_for_asset AND rule.pattern IS NULL"
BY_PAGE = """rule.on_url = done.url
       AND (NOT rule.asks_for_asset AND (rule.product_id IS NULL OR rule.product_id = done.about_id)
            OR (rule.id, done.asset_id) IN (SELECT id, on_asset FROM rule_of_asset))"""

FORMS = """
      LEFT JOIN leads_formsubmission AS submission
        ON activity.source_kind = 'submission' AND submission.id = activity.source_id"""
ABOUT = """
      LEFT JOIN leads_campaign AS campaign ON campaign.id = activity.campaign_id
      LEFT JOIN leads_form AS form ON form.id = submission.form_id"""
ABOUT_ID = (
    "CASE WHEN activity.asset_id IS NULL THEN COALESCE(campaign.product_id, form.product_id) END"
)


def earned_sql(scope: Scope, plan: Plan) -> tuple[str, list[Any]]:
    """The statement up to `earned`, with its parameters; it reads only what the rules ask for."""
    later, later_of = scope.later(plan.rule_set.pk)
    begun, begun_at = scope.begun()
    which, leads = scope.which("activity.lead_id")
    with_forms = plan.names_forms or plan.names_products
    sql = EARNED.format(
        later=later,
        begun=begun,
        which=which,
        lookups=(FORMS if with_forms else "") + (ABOUT if plan.names_products else ""),
        form_id="submission.form_id" if with_forms else "NULL::bigint",
        about_id=ABOUT_ID if plan.names_products else "NULL::bigint",
        url="activity.url" if plan.names_pages else "NULL::text",
        pages=PAGES if plan.names_pages else "",
        matches="\n     UNION ALL".join(_matches(plan)),
    )
    at, rules = scope.at, plan.rule_set.pk
    return sql, [*later_of, rules, at, *begun_at, *leads, list(plan.kinds), at]


def _matches(plan: Plan) -> list[str]:
    """The ways to a rule; each pair of an activity and a rule is found by one of them."""
    found = [("rule", PLAIN), ("rule_of_asset", BY_ASSET)]
    if plan.names_products:
        found.append(("rule", BY_PRODUCT))
    if plan.names_pages:
        found.append(("rule_of_page", BY_PAGE))
    form = FORM if plan.names_forms else ""
    return [MATCH.format(rules=rules, condition=by, form=form) for rules, by in found]
