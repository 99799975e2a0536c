"""The points: what is in use, what it gave lately, and publishing the next version."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from leadflow.core.errors import Invalid
from scoring import policies, queries
from scoring import services as scoring
from scoring.forms import PointsForm
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.queries import Given
from scoring.views.access import PageRequest

VERSIONS_SHOWN = 20


@dataclass(frozen=True)
class RuleRow:
    """A rule on the page: what it gave lately, and its field while it is being changed."""

    rule: Rule
    given: Given
    field: BoundField | None


@dataclass(frozen=True)
class GroupBlock:
    """A group on the page with its rules."""

    group: ScoreGroup
    rows: list[RuleRow]
    half_life: BoundField | None
    cap: BoundField | None


@dataclass(frozen=True)
class FitRow:
    """A fit rule on the page with its condition in words."""

    rule: FitRule
    words: str
    field: BoundField | None


@require_safe
def rules(request: PageRequest) -> HttpResponse:
    """The rules in use, group by group."""
    policies.check_may("see", by=request.user)
    return render(request, "scoring/rules.html", _page(request, queries.current_rules()))


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PageRequest) -> HttpResponse:
    """Change figures in place; sending publishes all of them as one new version."""
    policies.check_may("edit_rules", by=request.user)
    rule_set = queries.current_rules()
    form = PointsForm(rule_set, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and (new := _publish(request, form)):
        messages.success(request, f"{new} is in use. Scores follow within a few minutes.")
        return redirect("scoring:rules")
    status = 422 if form.is_bound else 200
    return render(request, "scoring/rules.html", _page(request, rule_set, form), status=status)


def _publish(request: PageRequest, form: PointsForm) -> RuleSet | None:
    """The new version, or None with the reason on the form."""
    try:
        return scoring.publish_rules(
            base=form.cleaned_data["base"],
            changes=form.changes(),
            comment=form.cleaned_data["comment"],
            by=request.user,
            at=timezone.now(),
        )
    except Invalid as error:
        form.add_error(None, str(error))
        return None


def _page(
    request: PageRequest, rule_set: RuleSet, form: PointsForm | None = None
) -> dict[str, Any]:
    blocks = _blocks(rule_set, form)
    return {
        "rule_set": rule_set,
        "form": form,
        "blocks": blocks,
        "fit_rows": _fit_rows(rule_set, form),
        "versions": queries.versions()[:VERSIONS_SHOWN],
        "may_edit": policies.permits("edit_rules", by=request.user),
    }


def _blocks(rule_set: RuleSet, form: PointsForm | None) -> list[GroupBlock]:
    given = queries.given_lately(rule_set, at=timezone.now())
    return [
        GroupBlock(
            group=group,
            rows=[
                RuleRow(
                    rule, given.get(rule.pk, Given()), form[f"rule_{rule.pk}"] if form else None
                )
                for rule in group.rules.all()
            ],
            half_life=form[f"half_life_{group.pk}"] if form else None,
            cap=form[f"cap_{group.pk}"] if form else None,
        )
        for group in queries.groups_with_rules(rule_set)
    ]


def _fit_rows(rule_set: RuleSet, form: PointsForm | None) -> list[FitRow]:
    return [
        FitRow(line.rule, line.words, form[f"fit_{line.rule.pk}"] if form else None)
        for line in queries.fit_lines(rule_set)
    ]
