"""A training: from closed leads to a model that is published whole, or a word on why there is none."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from content.models import Asset, Persona, Product
from leads.models import Stage
from scoring import queries
from scoring.engine.chances import Card
from scoring.engine.verdicts import STEPS
from scoring.models import PredictionModel
from scoring.services.learning import (
    Learned,
    Trial,
    chances_by_points,
    judge_some,
    learn,
    try_on_later,
)
from scoring.services.samples import Progress, Sample, gather_sample

NEEDED = 40  # customers, and as many that did not become one
TOO_GOOD = 0.97  # an AUC beyond this says that something is known which should not be
AT_ONCE = 5_000
State = PredictionModel.State
PERSONAS = {
    Persona.DECISION_MAKER: "a decision maker",
    Persona.TECHNICAL_USER: "a technical user",
    Persona.INFLUENCER: "an influencer",
}


def train(*, horizon_days: int, at: datetime, progress: Progress) -> dict[str, Any]:
    """Learn from closed leads and put the model into use; returns what came of it, with counts."""
    sample = gather_sample(horizon_days=horizon_days, at=at, progress=progress)
    counts = sample.counts() | {"needed": NEEDED, "horizon_days": horizon_days}
    if not counts["won"] or not counts["not_won"]:
        return counts | {"code": "one_class" if len(sample) else "too_few"}
    if min(counts["won"], counts["not_won"]) < NEEDED:
        return counts | {"code": "too_few"}
    trial = try_on_later(sample, horizon_days=horizon_days)
    if trial is None:
        return counts | {"code": "too_short"}
    figures = counts | _figures(sample, trial)
    is_better = trial.model.log_loss < trial.base_log_loss
    model = _publish(
        learn(sample),
        sample,
        figures,
        horizon_days=horizon_days,
        state=State.IN_USE if is_better else State.REFUSED,
        at=at,
    )
    return counts | {"code": "trained" if is_better else "no_better", "number": model.number}


def _figures(sample: Sample, trial: Trial) -> dict[str, Any]:
    points = chances_by_points(_points_then(sample, trial), sample, trial)
    won = [sample.won[place] for place in trial.after]
    early = sample.places_with([f"stage:{key}" for key in _stages_of_marketing()])
    return {
        "base_rate": sum(sample.won) / len(sample),
        "cut": datetime.fromtimestamp(trial.cut, tz=UTC).isoformat(),
        "learned_from": len(trial.before),
        "learned_from_won": int(sum(sample.won[place] for place in trial.before)),
        "asked_about": len(won),
        "asked_about_won": int(sum(won)),
        "model": _judged(trial.chances, sample, trial, early),
        "points": _judged(points, sample, trial, early),
        "usual": {
            "log_loss": trial.base_log_loss,
            "share": trial.base_rate,
            "curve": [step / STEPS for step in range(STEPS + 1)],
        },
        "is_suspicious": trial.model.auc > TOO_GOOD,
    }


def _judged(
    chances: list[float], sample: Sample, trial: Trial, early: Collection[int]
) -> dict[str, Any]:
    """The verdict on all later leads, and how well it tells those apart that marketing still has."""
    verdict = judge_some(chances, sample, trial)
    assert verdict is not None  # both ends occur after the cut
    among_early = judge_some(chances, sample, trial, among=early)
    return verdict.as_json() | {"auc_early": among_early.auc if among_early else None}


def _stages_of_marketing() -> list[str]:
    """Stages of the team that the path begins with: what they are told apart by is most worth there."""
    stages = Stage.objects.filter(kind=Stage.Kind.RESTS)
    first = stages.filter(retired_at=None).order_by("position").first()
    team = first.owning_team_id if first else None
    return list(stages.filter(owning_team=team).values_list("key", flat=True))


def _points_then(sample: Sample, trial: Trial) -> list[int]:
    """The score at the moment of each look that the trial needs; a lead may be seen several times."""
    points = [0] * len(sample)
    waiting = [int(place) for place in [*trial.before, *trial.after]]
    while waiting:
        now: dict[int, int] = {}  # each lead once in a statement
        for place in waiting:
            if len(now) < AT_ONCE:
                now.setdefault(sample.leads[place], place)
        moments = {
            lead: datetime.fromtimestamp(sample.moments[place], tz=UTC)
            for lead, place in now.items()
        }
        for lead, score in queries.scores_then(moments).items():
            points[now[lead]] = score
        done = set(now.values())
        waiting = [place for place in waiting if place not in done]
    return points


@transaction.atomic
def _publish(
    learned: Learned,
    sample: Sample,
    figures: dict[str, Any],
    *,
    horizon_days: int,
    state: str,
    at: datetime,
) -> PredictionModel:
    """Write the next version; one that is put into use replaces the one before at the same moment."""
    card = _card(learned, sample)
    models = PredictionModel.objects.select_for_update(no_key=True)
    newest = models.order_by("-number").first()
    if state == State.IN_USE:
        PredictionModel.objects.filter(state=State.IN_USE).update(state=State.REPLACED)
    return PredictionModel.objects.create(
        number=newest.number + 1 if newest else 1,
        state=state,
        trained_at=at,
        horizon_days=horizon_days,
        card=card.as_json(),
        figures=figures,
    )


def _card(learned: Learned, sample: Sample) -> Card:
    known = {
        name: place for name, place in sorted(sample.columns.items()) if learned.weights[place]
    }
    return Card(
        bias=learned.bias,
        weights={name: float(learned.weights[place]) for name, place in known.items()},
        usual={name: float(learned.usual[place]) for name, place in known.items()},
        names=_names(list(known)),
    )


def _names(numbers: Sequence[str]) -> dict[str, str]:
    """The words of stages, products, kinds of content, sources and personas, as they are now."""
    words = {f"stage:{stage.key}": stage.name for stage in Stage.objects.all()}
    words |= {f"product:{product.pk}": product.name for product in Product.objects.all()}
    words |= {f"persona:{key}": text for key, text in PERSONAS.items()}
    words |= {f"kind:{key}": _with_article(str(name)) for key, name in Asset.Kind.choices}
    for number in numbers:
        question, _, key = number.partition(":")
        if question == "source" and key:
            words[number] = key.replace("_", " ")
    return {number: words[number] for number in numbers if number in words}


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name if name[:2] == 'E-' else name.lower()}"
