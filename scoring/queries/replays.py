"""The past replayed: when each lead would have fulfilled an agreement, knowing what was known then.

One statement for a range of leads. Activities earn what the scoring statement gives them; running sums
along their times say what each lead had earned at any of them. A fact is true from its date on; where no
date is kept it is taken as it stands. After a real answer of sales only what was earned since counts.
Whoever asks for it themselves is offered whatever the threshold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import BooleanField, Case, QuerySet, Value, When

from content.models import Persona
from leads import queries as leads
from leads.models import Lead
from scoring.engine import replays
from scoring.engine.replays import Condition
from scoring.models import ScoreGroup, Simulation
from scoring.queries import fading
from scoring.queries.earned import earned_sql
from scoring.queries.plans import Plan
from scoring.queries.scope import Scope

# Where cycles begin and end. What was taken back is not there.
CYCLES = """,
line AS MATERIALIZED (
    SELECT change.lead_id, change.cycle, change.to_stage, change.at, stage.kind
      FROM leads_stagechange AS change
      JOIN leads_stage AS stage ON stage.key = change.to_stage
     WHERE change.lead_id BETWEEN %s AND %s AND change.corrects IS NULL
       AND change.verb <> 'combine' AND change.at <= %s
       AND NOT EXISTS (SELECT FROM leads_stagechange AS answer
                        WHERE answer.corrects IS NOT NULL AND answer.corrects = change.id)
),
cycle AS MATERIALIZED (
    SELECT lead_id, cycle, min(at) FILTER (WHERE to_stage = ANY(%s)) AS began_at,
           min(at) FILTER (WHERE kind = 'won') AS won_at,
           min(at) FILTER (WHERE kind IN ('won', 'detour')) AS ended_at
      FROM line GROUP BY lead_id, cycle
),
offered AS MATERIALIZED (
    SELECT DISTINCT ON (lead_id, cycle) lead_id, cycle, offered_at, outcome
      FROM leads_offer
     WHERE lead_id BETWEEN %s AND %s AND handoff_id = %s AND outcome <> 'withdrawn'
       AND offered_at <= %s
     ORDER BY lead_id, cycle, id DESC
),
answered AS MATERIALIZED (
    -- Only what was earned since the last answer counts, after the time its reason asks for
    SELECT offer.lead_id, array_agg(decided_at ORDER BY decided_at, offer.id) AS at,
           array_agg(decided_at + COALESCE(reason.cool_down_days, 0) * interval '24 hours'
                     ORDER BY decided_at, offer.id) AS free_at
      FROM leads_offer AS offer
      LEFT JOIN leads_reason AS reason
        ON reason.verb = 'reject' AND reason.code = offer.reason AND offer.outcome = 'rejected'
     WHERE offer.lead_id BETWEEN %s AND %s AND offer.handoff_id = %s
       AND offer.outcome NOT IN ('pending', 'withdrawn') AND offer.decided_at <= %s
     GROUP BY offer.lead_id
)"""

# Every moment at which something could become true, with what had been earned by then.
MOMENTS = """,
gain AS (
    SELECT lead_id, occurred_at AS at{sums} FROM earned WHERE is_counted GROUP BY lead_id, occurred_at
     UNION ALL
    SELECT DISTINCT lead_id, at{nothing}
      FROM (SELECT lead_id, began_at AS at FROM cycle
             UNION ALL SELECT lead_id, unnest(free_at) FROM answered
             UNION ALL SELECT lead_id, (each.value #>> '{{}}')::timestamptz
                         FROM scoring_factdates AS fact, jsonb_each(fact.since) AS each
                        WHERE fact.lead_id BETWEEN %s AND %s{deeds}) AS other
     WHERE at <= %s
),
moment AS (
    SELECT gain.*, COALESCE(width_bucket(gain.at, answered.at), 0) AS era, answered.free_at,
           answered.at[width_bucket(gain.at, answered.at)] AS answered_at
      FROM gain LEFT JOIN answered ON answered.lead_id = gain.lead_id
),
running AS (
    SELECT DISTINCT ON (lead_id, at) lead_id, at, era, free_at, answered_at{running}
      FROM moment
    WINDOW past AS (PARTITION BY lead_id, era ORDER BY at RANGE UNBOUNDED PRECEDING)
     ORDER BY lead_id, at
)"""

REPLAY = """,
stood AS (
    SELECT cycle.lead_id, cycle.cycle, running.at, running.answered_at, known.*,
           {engagement} AS engagement, {fit} AS fit
      FROM running
      JOIN cycle ON cycle.lead_id = running.lead_id AND running.at >= cycle.began_at
       AND (cycle.ended_at IS NULL OR running.at < cycle.ended_at)
      JOIN known ON known.id = running.lead_id
     WHERE running.era = 0 OR running.at >= running.free_at[running.era]
    OFFSET 0
),
graded AS (
    SELECT stood.*, engagement + fit AS score, {grade} AS grade FROM stood OFFSET 0
),
fulfilled AS (
    SELECT lead_id, cycle, at, {value} AS value,
           max({value}) OVER (PARTITION BY lead_id, cycle ORDER BY at
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS best
      FROM graded WHERE {rest} AND {value} >= %s
),
peak AS (
    SELECT lead_id, cycle, array_agg(value ORDER BY at) AS reached,
           array_agg(at ORDER BY at) AS moments
      FROM fulfilled WHERE best IS NULL OR value > best GROUP BY lead_id, cycle
)
INSERT INTO scoring_simulatedcycle
       (simulation_id, lead_id, cycle, reached, moments, offered_at, outcome, won_at, ended_at)
SELECT %s, cycle.lead_id, cycle.cycle, COALESCE(peak.reached, '{{}}'),
       COALESCE(peak.moments, '{{}}'), offered.offered_at, COALESCE(offered.outcome, ''),
       cycle.won_at, cycle.ended_at
  FROM cycle
  LEFT JOIN peak ON peak.lead_id = cycle.lead_id AND peak.cycle = cycle.cycle
  LEFT JOIN offered ON offered.lead_id = cycle.lead_id AND offered.cycle = cycle.cycle
 WHERE peak.lead_id IS NOT NULL OR offered.offered_at > %s
    OR (cycle.won_at > %s AND cycle.began_at IS NOT NULL)
 ORDER BY cycle.lead_id, cycle.cycle
    ON CONFLICT DO NOTHING"""


# Whoever asks for it themselves stands above every threshold
RAISED = 2_000_000_000

# How a test asks whether a fact is known, where it does not ask “known”
REQUIRED: dict[str, dict[str, Any]] = {
    "persona": {"op": "ne", "value": Persona.UNKNOWN.value},
    "job_title": {"op": "filled"},
    "company": {"op": "filled"},
}


@dataclass(frozen=True)
class Tests:
    """The tests of an agreement and of fit rules as columns of `known`, each made once."""

    columns: dict[str, str]  # column by test
    stood: dict[str, Any]  # whether it is true today, by column
    deeds: dict[str, QuerySet[Any]]  # (lead, time) of all that a test is about, by column


@dataclass(frozen=True)
class Block:
    """What one statement is about: leads by their ids, `floor` the least that is worth keeping.

    `stages` are those from which the next offer is the one over the hand-off.
    """

    first_id: int
    last_id: int
    floor: int
    stages: list[str]


def replay(simulation: Simulation, plan: Plan, block: Block) -> int:
    """Replay some leads and keep what came out; returns how many cycles were kept."""
    sql, params = replay_sql(simulation, plan, block)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def replay_sql(simulation: Simulation, plan: Plan, block: Block) -> tuple[str, list[Any]]:
    """The statement that replays some leads."""
    at, here, handoff = simulation.until_at, [block.first_id, block.last_id], simulation.handoff
    stages, made = block.stages, _tests(_terms(simulation, plan), at=at)
    sql, params = earned_sql(Scope(at=at, first_id=block.first_id, last_id=block.last_id), plan)
    params += [*here, at, stages, *here, handoff.pk, at, *here, handoff.pk, at]
    sql += (
        CYCLES
        + f""",
known AS MATERIALIZED ({_known_sql(made, block)})"""
    )
    sql += MOMENTS.format(
        sums="".join(_sums(number, group) for number, group in enumerate(plan.groups, 1)),
        nothing=", 0::double precision" * (2 * len(plan.groups)),
        running="".join(_running(number) for number in range(1, len(plan.groups) + 1)),
        deeds="".join(
            f"\n             UNION ALL SELECT id, unnest({column}) FROM known"
            for column in made.deeds
        ),
    )
    sql += REPLAY.format(
        engagement=fading.rounded(_engagement(plan, end=at)),
        fit=_fit(plan, made, stages),
        grade=fading.grade(plan, engagement="engagement", fit="fit"),
        **_offered(simulation, made, stages),
    )
    params += [*here, at, block.floor, simulation.pk, simulation.from_at, simulation.from_at]
    return sql, params


def fields_of(simulation: Simulation, plan: Plan) -> tuple[list[str], list[str]]:
    """Fields in question whose past can be told, and those that are taken as they stand today."""
    terms = _terms(simulation, plan)
    tests = [test for condition in terms for test in replays.tests(condition)]
    names = {str(test["field"]): test for test in tests if test["field"] not in replays.SCORES}
    told = {name for name, test in names.items() if _has_past(name, test)}
    return sorted(told), sorted(names.keys() - told - replays.GIVEN)


def _terms(simulation: Simulation, plan: Plan) -> list[Condition]:
    """Every condition that a replay has to answer."""
    asked = (_rest(simulation), simulation.hand_raise, _within(simulation))
    return [*asked, *(rule.condition for rule in plan.fit_rules)]


def _offered(simulation: Simulation, made: Tests, stages: list[str]) -> dict[str, str]:
    """How high a lead stands at the moment `at`, and whether it would be offered if that is enough."""

    def told(condition: Condition, *, anew: bool = False) -> str:
        return replays.sql_of(condition, lambda test: _asked(test, made, stages, anew=anew))

    raises = told(simulation.hand_raise, anew=True)
    return {
        "value": f"CASE WHEN {raises} THEN {RAISED} ELSE {simulation.axis or '1'} END",
        "rest": f"{told(_within(simulation))} AND ({raises} OR {told(_rest(simulation))})",
    }


def _rest(simulation: Simulation) -> Condition:
    """All that is asked besides the threshold."""
    return replays.without(simulation.condition, simulation.axis)


def _within(simulation: Simulation) -> Condition:
    """Who may be offered at all: who is not left out, and has the facts that the offered stage requires."""
    required = [
        {"field": name, **REQUIRED.get(name, {"op": "known"})}
        for name in simulation.handoff.offered.requires
        if name in replays.FACT_OF or name in replays.GIVEN
    ]
    return {"all": [{"not": simulation.exclusions}, *required]}


def _has_past(name: str, test: Condition) -> bool:
    return name in replays.FACT_OF or name == replays.STAGE or _is_told_by_rows(test)


def _is_told_by_rows(test: Condition) -> bool:
    """Whether rows with a time of their own answer a test for any moment."""
    if test["field"] == replays.COUNTED:
        return bool(test["op"] == "at_least")
    return test["field"] == replays.WON and test["op"] in {"known", "unknown"}


def _rows(test: Condition) -> QuerySet[Any]:
    """`(lead, time)` of the rows that answer a test."""
    (parsed,) = leads.tests_of(test)
    assert parsed.field.rows is not None
    rows = leads.counted_rows(parsed).order_by().values("lead")
    return rows.annotate(at=ArrayAgg(parsed.field.rows.time, order_by=parsed.field.rows.time))


def _tests(conditions: Iterable[Condition], *, at: Any) -> Tests:
    made = Tests({}, {}, {})
    for condition in conditions:
        for test in replays.tests(condition):
            key = replays.key_of(test)
            if test["field"] in {*replays.SCORES, replays.STAGE} or key in made.columns:
                continue
            column = made.columns[key] = f"test_{len(made.columns)}"
            if _is_told_by_rows(test):
                made.deeds[column] = _rows(test)
            else:
                made.stood[column] = _stands(test, at=at)
    return made


def _stands(test: Condition, *, at: Any) -> Any:
    condition = leads.compile_condition(test, at=at)
    return Case(
        When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()
    )


def _known_sql(made: Tests, block: Block) -> str:
    """`(id, since, one column for each test)`: what is true of each lead today, and since when."""
    here = (block.first_id, block.last_id)
    rows = Lead.objects.filter(pk__range=here, erased_at=None).order_by()
    stood = ", ".join(["id", *made.stood])
    sql = f"SELECT lead.*, fact.since{''.join(f', {c}.at AS {c}' for c in made.deeds)}"
    sql += f" FROM ({_text(rows.annotate(**made.stood).values_list('id', *made.stood))})"
    sql += f" AS lead ({stood}) LEFT JOIN scoring_factdates AS fact ON fact.lead_id = lead.id"
    for column, deeds in made.deeds.items():
        told = _text(deeds.filter(lead__gte=here[0], lead__lte=here[1]).values_list("lead", "at"))
        sql += f" LEFT JOIN ({told}) AS {column} (lead_id, at) ON {column}.lead_id = lead.id"
    return sql


def _text(rows: QuerySet[Any, Any]) -> str:
    """A query with its parameters in place, ready to stand in another."""
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        text: str = cursor.mogrify(sql, params).decode()
    return text.replace("%", "%%")


def _asked(test: Condition, made: Tests, stages: list[str], *, anew: bool = False) -> str:
    """A test as of the moment `at`; `anew` counts only deeds since sales last answered."""
    name, op = str(test["field"]), test["op"]
    if name in replays.SCORES:
        return _compare_score(name, op, test.get("value"))
    if name == replays.STAGE:
        return "TRUE" if replays.stage_fits(test, stages) else "FALSE"
    column = made.columns[replays.key_of(test)]
    if column in made.deeds:
        earlier = "0"
        if days := test.get("days"):
            earlier = f"width_bucket(at - interval '{int(days) * 24} hours', {column})"
        if anew:
            earlier = f"GREATEST({earlier}, width_bucket(answered_at, {column}))"
        count = f"COALESCE(width_bucket(at, {column}) - {earlier}, 0)"
        return f"({count} = 0)" if op == "unknown" else f"({count} >= {int(test.get('value', 1))})"
    if name not in replays.FACT_OF:
        return column
    since = f"(since ->> '{replays.FACT_OF[name]}')::timestamptz"
    if op in replays.NEGATIVE and test.get("value") != Persona.UNKNOWN:
        return f"({column} OR COALESCE(at < {since}, FALSE))"
    return f"({column} AND COALESCE(at >= {since}, TRUE))"


def _compare_score(name: str, op: str, value: Any) -> str:
    if name == "grade":
        grades = ", ".join(f"'{one}'" for one in _grades(value))
        if op in {"known", "unknown"}:
            return "TRUE" if op == "known" else "FALSE"
        return f"(grade {'NOT IN' if op in replays.NEGATIVE else 'IN'} ({grades}))"
    return f"({name} {replays.NUMBERS[op]} {float(value)!r})"


def _grades(value: Any) -> list[str]:
    asked = value if isinstance(value, list) else [value]
    known = [f"{letter}{number}" for letter in "ABC" for number in "123"]
    return [one for one in known if one in asked] or [""]


def _fit(plan: Plan, made: Tests, stages: list[str]) -> str:
    """The fit at the moment `at`: facts that hold by then."""
    parts = [
        f"CASE WHEN {replays.sql_of(rule.condition, lambda test: _asked(test, made, stages))} "
        f"THEN {rule.points} ELSE 0 END"
        for rule in plan.fit_rules
    ]
    return f"({' + '.join(parts) or '0'})"


def _sums(number: int, group: ScoreGroup) -> str:
    return f""",
           COALESCE(sum(remaining) FILTER (
               WHERE group_id = {group.pk} AND half_life IS NOT NULL), 0) AS fading_{number},
           COALESCE(sum(remaining) FILTER (
               WHERE group_id = {group.pk} AND half_life IS NULL), 0) AS lasting_{number}"""


def _running(number: int) -> str:
    return f""",
           sum(fading_{number}) OVER past AS fading_{number},
           sum(lasting_{number}) OVER past AS lasting_{number}"""


def _engagement(plan: Plan, *, end: datetime) -> str:
    """Engagement at the moment `at`: what is left at the end, grown back by the time in between."""
    groups = []
    for number, group in enumerate(plan.groups, 1):
        points = f"running.lasting_{number} + running.fading_{number}"
        if group.half_life_days is not None:
            seconds = f"date_part('epoch', '{end.isoformat()}'::timestamptz - running.at)"
            halvings = f"LEAST({seconds} / {group.half_life_days * 86_400}.0, 1000)"
            points += f" * power(2::double precision, {halvings})"
        groups.append(fading.capped(points, group.cap))
    return fading.capped(" + ".join(groups) or "0::double precision", plan.rule_set.engagement_cap)
