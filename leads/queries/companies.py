"""Companies and campaigns, with how many leads stand behind them."""

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from leadflow.core.models import User
from leads.engine.identity import fold
from leads.models import Campaign, CampaignCost, Company, Lead


def list_companies(*, user: User, q: str = "") -> QuerySet[Company]:
    """Companies of leads that `user` may see, with `people` = how many of them they may see."""
    mine = Lead.objects.visible_to(user).filter(company=OuterRef("pk")).order_by()
    companies = Company.objects.filter(Exists(mine)).annotate(people=_count(mine, "company"))
    for word in fold(q[:200]).split():
        companies = companies.filter(name__icontains=word)
    return companies


def list_campaigns(*, user: User) -> QuerySet[Campaign]:
    """Campaigns with `people` (leads that `user` may see), `planned` and `actual` cost so far."""
    mine = Lead.objects.visible_to(user).filter(campaign=OuterRef("pk")).order_by()
    costs = CampaignCost.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    return Campaign.objects.annotate(
        people=_count(mine, "campaign"),
        planned=Subquery(costs.annotate(sum=Sum("planned")).values("sum")),
        actual=Subquery(costs.annotate(sum=Sum("actual")).values("sum")),
    ).select_related("product")


def _count(rows: QuerySet, by: str) -> Coalesce:
    """How many of `rows` belong to the outer row, 0 for none."""
    counted = rows.values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
