"""What would change if the draft were in use: worked out for everybody, or for a fair sample."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from leads.models import Lead
from scoring.models import LeadDefinition, RuleSet
from scoring.queries.definitions import fulfilling, in_effect
from scoring.queries.plans import current_rules, load_plan
from scoring.queries.scope import Scope
from scoring.queries.statement import Score, compute_scores

MOST_LOOKED_AT = 20_000
EXAMPLES = 10

# Every so-manieth lead by id: fair, the same each time, and no table is read through twice.
SAMPLE = "SELECT id FROM leads_lead WHERE erased_at IS NULL AND id %% %s = 0 ORDER BY id LIMIT %s"


@dataclass(frozen=True)
class Example:
    """A lead whose score would be another one."""

    lead: Lead
    before: Score
    after: Score

    @property
    def difference(self) -> int:
        """Points more or less."""
        return self.after.score - self.before.score


@dataclass(frozen=True)
class Crossing:
    """Leads that would come to fulfil a definition in effect, or no longer fulfil it."""

    definition: LeadDefinition
    fulfil: int
    newly: int
    no_longer: int


@dataclass(frozen=True)
class Preview:
    """A draft against the version in use; figures are of everybody, estimated where it is a sample."""

    looked_at: int
    everybody: int
    rescored: int
    better_grade: int
    worse_grade: int
    crossings: Sequence[Crossing]
    examples: Sequence[Example]

    @property
    def is_sample(self) -> bool:
        """Whether not everybody was looked at."""
        return self.looked_at < self.everybody


def preview(draft: RuleSet, *, at: datetime) -> Preview:
    """What the draft would change for everybody, or for a sample of twenty thousand leads."""
    everybody = Lead.objects.filter(erased_at=None).count()
    ids = _sample(everybody)
    scope = Scope(at=at, lead_ids=ids)
    before = _by_lead(compute_scores(scope, plan=load_plan(current_rules())))
    after = _by_lead(compute_scores(scope, plan=load_plan(draft)))
    changed = [pk for pk in before.keys() & after.keys() if _shown(before[pk]) != _shown(after[pk])]
    grades = [(before[pk].grade, after[pk].grade) for pk in changed]
    share = everybody / len(after) if after else 1.0
    return Preview(
        looked_at=len(after),
        everybody=everybody,
        rescored=round(share * len(changed)),
        better_grade=round(share * sum(new < old for old, new in grades)),
        worse_grade=round(share * sum(new > old for old, new in grades)),
        crossings=[_crossing(one, before, after, share=share, at=at) for one in in_effect()],
        examples=_examples(changed, before, after),
    )


def _sample(everybody: int) -> list[int]:
    step = max(1, -(-everybody // MOST_LOOKED_AT))
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE, [step, MOST_LOOKED_AT])
        return [row[0] for row in cursor.fetchall()]


def _by_lead(scores: Collection[Score]) -> dict[int, Score]:
    return {score.lead_id: score for score in scores}


def _shown(score: Score) -> tuple[int, int, str]:
    return score.engagement, score.fit, score.grade


def _crossing(
    definition: LeadDefinition,
    before: Mapping[int, Score],
    after: Mapping[int, Score],
    *,
    share: float,
    at: datetime,
) -> Crossing:
    was = fulfilling(definition.condition, before, at=at)
    will = fulfilling(definition.condition, after, at=at)
    return Crossing(
        definition,
        fulfil=round(share * len(will)),
        newly=round(share * len(will - was)),
        no_longer=round(share * len(was - will)),
    )


def _examples(
    changed: Sequence[int], before: Mapping[int, Score], after: Mapping[int, Score]
) -> list[Example]:
    """Those who change most: another grade first, then the most points."""

    def weight(pk: int) -> tuple[bool, int, int]:
        difference = abs(after[pk].score - before[pk].score)
        return before[pk].grade == after[pk].grade, -difference, pk

    chosen = sorted(changed, key=weight)[:EXAMPLES]
    leads = Lead.objects.select_related("company").in_bulk(chosen)
    return [Example(leads[pk], before[pk], after[pk]) for pk in chosen if pk in leads]
