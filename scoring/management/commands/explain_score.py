"""`manage.py explain_score LEAD [--json]`: every point of one lead, on the terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads.models import Lead
from scoring import queries
from scoring.queries import Explanation


class Command(BaseCommand):
    """Explain the score of one lead as of now."""

    help = "Shows where every point of a lead comes from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The lead by id or e-mail address."""
        parser.add_argument("lead", help="the id or e-mail address of a lead")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the lead, explain, print."""
        explanation = queries.explain(_find(options["lead"]), timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(explanation.to_dict(), default=str, indent=2))
        else:
            self.stdout.write("\n".join(_lines(explanation)))


def _find(text: str) -> Lead:
    match = {"pk": int(text)} if text.isdecimal() else {"email": text.strip().lower()}
    lead = Lead.objects.filter(**match).first()
    if lead is None:
        raise CommandError(f"There is no lead “{text}”. Give an id or an e-mail address.")
    return lead


def _lines(explanation: Explanation) -> list[str]:
    lines = [
        f"Score {explanation.score} ({explanation.grade}): engagement {explanation.engagement}, "
        f"fit {explanation.fit}; rules of version {explanation.rule_version}"
    ]
    for part in explanation.contributions:
        left = f"{part.remaining:+7.1f} of {part.points:+.0f}"
        note = "" if part.is_counted else "  (beyond the limit of its rule)"
        lines.append(f"{left:>16}  {part.occurred_at:%Y-%m-%d}  {part.rule}: {part.title}{note}")
    lines += [
        f"{-group.lost_to_cap:+16.1f}  cap of “{group.name}” at {group.cap}"
        for group in explanation.groups
        if group.lost_to_cap > 0
    ]
    if explanation.lost_to_total_cap > 0:
        lines.append(f"{-explanation.lost_to_total_cap:+16.1f}  cap of all engagement")
    lines += [f"{fact.points:+16d}  {fact.label}" for fact in explanation.facts]
    return lines + [
        f"In {then.days} days, if nothing happens: {then.score} ({then.grade})"
        for then in explanation.ahead
    ]
