"""The parts of a version as its pages show them, with their fields while they are being changed."""

from dataclasses import dataclass, field
from datetime import datetime

from django.forms import BoundField

from scoring import queries
from scoring.forms import FiguresForm
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.queries import Given, Lately


@dataclass(frozen=True)
class RuleRow:
    """A rule on the page: what it is about, what it gave lately, and its field."""

    rule: Rule
    about: dict[str, str]
    given: Given
    field: BoundField | None

    @property
    def words(self) -> str:
        """What it is about, as far as its name does not say so."""
        kind = str(self.rule.get_kind_display())
        about = [f"{name} {words}" for name, words in self.about.items()]
        return " · ".join([kind, *about] if about or kind != self.rule.label else [])


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


@dataclass(frozen=True)
class Blocks:
    """Everything a version consists of, ready to show."""

    groups: list[GroupBlock]
    facts: list[FitRow]
    lately: Lately | None = field(default=None)


def read_blocks(
    rule_set: RuleSet, *, form: FiguresForm | None = None, lately_at: datetime | None = None
) -> Blocks:
    """The groups and facts of a version; with `lately_at`, what each rule gave in the month before."""
    lately = queries.given_lately(rule_set, at=lately_at) if lately_at else None
    given = lately.by_rule if lately else {}
    groups = [
        GroupBlock(
            group=group,
            rows=[
                RuleRow(
                    rule,
                    queries.rule_facts(rule),
                    given.get(rule.pk, Given()),
                    form[f"rule_{rule.pk}"] if form else None,
                )
                for rule in group.rules.all()
            ],
            half_life=form[f"half_life_{group.pk}"] if form else None,
            cap=form[f"cap_{group.pk}"] if form else None,
        )
        for group in queries.groups_with_rules(rule_set)
    ]
    facts = [
        FitRow(line.rule, line.words, form[f"fit_{line.rule.pk}"] if form else None)
        for line in queries.fit_lines(rule_set)
    ]
    return Blocks(groups, facts, lately)
