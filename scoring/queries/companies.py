"""The score of a company, from the scores of its people.

Its engagement is that of its five most engaged people together, 200 at most: buying is done by a few,
and a hundred strangers who read one page each are no buying centre. People below zero count as
nobody. Its fit is that of the person who fits best.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from leadflow.core.models import User
from leads.models import Lead

PEOPLE = 5
MOST = 200


TOTALS = """
SELECT company_id,
       LEAST(COALESCE(sum(engagement) FILTER (WHERE place <= %s AND engagement > 0), 0), %s)::int,
       max(fit), count(*)::int, (count(*) FILTER (WHERE engagement > 0))::int
  FROM ({people}) AS person (company_id, engagement, fit, place)
 GROUP BY company_id"""


@dataclass(frozen=True)
class CompanyScore:
    """What the people of a company, as far as the reader may see them, add up to."""

    company_id: int
    engagement: int
    fit: int
    people: int
    engaged: int

    @property
    def score(self) -> int:
        """Engagement and fit together."""
        return self.engagement + self.fit


def company_scores(company_ids: Collection[int], *, user: User) -> dict[int, CompanyScore]:
    """Scores of companies by the people whom `user` may see, by company; in one query."""
    place = Window(
        RowNumber(), partition_by=F("company"), order_by=[F("engagement").desc(), F("pk").asc()]
    )
    people = Lead.objects.visible_to(user).filter(company__in=list(company_ids), erased_at=None)
    ranked = people.order_by().values_list("company", "engagement", "fit", place)
    if not company_ids:
        return {}
    sql, params = ranked.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(people=sql), [PEOPLE, MOST, *params])
        return {row[0]: CompanyScore(*row) for row in cursor.fetchall()}


def most_engaged(company_id: int, *, user: User) -> list[int]:
    """The people whose engagement is that of the company, as far as `user` may see them."""
    people = Lead.objects.visible_to(user).filter(company=company_id, erased_at=None)
    engaged = people.filter(engagement__gt=0).order_by("-engagement", "pk")
    return list(engaged.values_list("pk", flat=True)[:PEOPLE])
