"""What LeadFlow ships: points, facts that fit, and a first definition of a lead."""

from datetime import datetime
from typing import Any

from django.db import transaction

from content.models import Asset, Persona
from leads.models import Activity, Handoff
from scoring.models import FitRule, LeadDefinition, Rule, RuleSet, ScoreGroup
from scoring.services.rules import check_rules, write_rules

COMMENT = "Shipped with LeadFlow"
HANDOFF = "mql_sal"
ENGAGEMENT_CAP = 100
Kind, Piece, Limit = Activity.Kind, Asset.Kind, Rule.Limit

GROUPS = (
    # key, name, half-life in days, cap
    ("content", "Content", 30, 60),
    ("conversations", "Conversations", 60, 60),
    ("mail", "E-mail", 30, 20),
    ("warnings", "Warnings", None, None),
)
RULES = (
    # group, label, activity, kind of asset, points, limit, how often
    ("content", "Viewed a page", Kind.PAGE_VIEW, "", 2, Limit.DAILY, 5),
    ("content", "Downloaded a white paper", Kind.DOWNLOAD, Piece.WHITE_PAPER, 20, Limit.AT_MOST, 3),
    ("content", "Downloaded a case study", Kind.DOWNLOAD, Piece.CASE_STUDY, 12, Limit.AT_MOST, 3),
    ("content", "Downloaded a data sheet", Kind.DOWNLOAD, Piece.DATA_SHEET, 8, Limit.AT_MOST, 3),
    ("content", "Watched a webinar", Kind.DOWNLOAD, Piece.WEBINAR, 15, Limit.AT_MOST, 3),
    ("content", "Watched a video", Kind.VIDEO, "", 5, Limit.DAILY, 2),
    ("content", "Followed a webinar", Kind.WEBINAR, "", 15, Limit.DAILY, 1),
    ("content", "Looked at a promotion", Kind.DOWNLOAD, Piece.PROMOTION, 6, Limit.DAILY, 1),
    ("conversations", "Sent a form", Kind.FORM, "", 10, Limit.DAILY, 1),
    ("conversations", "Attended an event", Kind.EVENT, "", 25, Limit.DAILY, 1),
    ("mail", "Clicked in an e-mail", Kind.EMAIL_CLICK, "", 5, Limit.DAILY, 1),
    ("warnings", "Unsubscribed", Kind.UNSUBSCRIBE, "", -20, Limit.ONCE, 1),
)
FIT_RULES = (
    # label, points, condition
    ("Phone number known", 30, {"field": "phone", "op": "known"}),
    ("Decision maker", 15, {"field": "persona", "op": "eq", "value": Persona.DECISION_MAKER}),
    ("Technical user", 10, {"field": "persona", "op": "eq", "value": Persona.TECHNICAL_USER}),
    ("Influencer", 5, {"field": "persona", "op": "eq", "value": Persona.INFLUENCER}),
    ("50 employees or more", 10, {"field": "employees", "op": "gte", "value": 50}),
    ("E-mail address known", 5, {"field": "email", "op": "known"}),
)
DEFINITION: dict[str, Any] = {
    "all": [
        {"field": "score", "op": "gte", "value": 60},
        {"field": "engagement", "op": "gte", "value": 25},
        {"field": "phone", "op": "known"},
    ]
}


@transaction.atomic
def install_defaults(*, at: datetime) -> None:
    """Write the shipped rules and the shipped definition where there are none."""
    if not RuleSet.objects.exists():
        _install_rules(at=at)
    handoff = Handoff.objects.filter(key=HANDOFF).first()
    if handoff and not LeadDefinition.objects.filter(handoff=handoff).exists():
        LeadDefinition.objects.create(
            handoff=handoff,
            version=1,
            condition=DEFINITION,
            state=LeadDefinition.State.SIGNED,
            comment=COMMENT,
            created_at=at,
            marketing_signed_at=at,
            sales_signed_at=at,
            effective_at=at,
        )


def backdate_shipped(*, at: datetime) -> LeadDefinition | None:
    """The shipped definition as if LeadFlow had been installed at `at`, for history that is written afterwards."""
    shipped = LeadDefinition.objects.filter(handoff__key=HANDOFF, version=1, author=None)
    moments = ("created_at", "marketing_signed_at", "sales_signed_at", "effective_at")
    shipped.filter(effective_at__gt=at).update(**dict.fromkeys(moments, at))
    return shipped.first()


def _install_rules(*, at: datetime) -> None:
    groups = {
        key: ScoreGroup(key=key, name=name, half_life_days=days, cap=cap, position=position)
        for position, (key, name, days, cap) in enumerate(GROUPS)
    }
    rules = [
        Rule(
            group=groups[group],
            label=label,
            kind=kind,
            asset_kind=asset_kind,
            points=points,
            limit=limit,
            limit_count=count,
            position=position,
        )
        for position, (group, label, kind, asset_kind, points, limit, count) in enumerate(RULES)
    ]
    fit_rules = [
        FitRule(label=label, points=points, condition=condition, position=position)
        for position, (label, points, condition) in enumerate(FIT_RULES)
    ]
    rule_set = RuleSet.objects.create(
        number=1,
        state=RuleSet.State.PUBLISHED,
        published_at=at,
        comment=COMMENT,
        engagement_cap=ENGAGEMENT_CAP,
    )
    check_rules(groups=list(groups.values()), rules=rules, fit_rules=fit_rules, at=at)
    write_rules(rule_set, groups=list(groups.values()), rules=rules, fit_rules=fit_rules)
