"""Prediction as a whole: whether it is on, how good it was on later leads, what it looks at."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.errors import Invalid
from scoring import policies, queries
from scoring import services as scoring
from scoring.forms import PredictionForm
from scoring.models import PredictionModel
from scoring.services.training import NEEDED
from scoring.views.access import PageRequest, may
from scoring.views.verdicts import (
    calibration_chart,
    curve_chart,
    curve_rows,
    verdict_rows,
    weight_chart,
)

VERSIONS_SHOWN = 10


@require_safe
@vary_on_headers("HX-Request")
@may("see")
def prediction(request: PageRequest) -> HttpResponse:
    """The state with its figures in pictures; through htmx how far the work in the background is."""
    if request.htmx and not request.htmx.history_restore_request:
        under_way = queries.round_under_way()
        if under_way is None:  # it is done: the figures are others
            return HttpResponse(headers={"HX-Refresh": "true"})
        context = {"round": under_way}
        return render(request, "scoring/prediction/page.html#work", context)
    return _page(request, PredictionForm(queries.prediction_setting()))


@require_POST
@may("run_prediction")
def switch(request: PageRequest) -> HttpResponse:
    """Switch prediction on or off, or change its span of days."""
    form = PredictionForm(queries.prediction_setting(), request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    said = form.cleaned_data
    try:
        scoring.switch_prediction(by=request.user, at=timezone.now(), **said)
    except Invalid as error:
        form.add_error("horizon_days", str(error))
        return _page(request, form, status=422)
    words = (
        "Prediction is on." if said["is_on"] else "Prediction is off; chances are being dropped."
    )
    messages.success(request, words)
    return redirect("scoring:prediction")


@require_POST
@may("run_prediction")
def train(request: PageRequest) -> HttpResponse:
    """Learn anew, in the background."""
    scoring.ask_for_training(by=request.user, at=timezone.now())
    messages.success(request, "Closed leads are looked at anew; you may leave this page.")
    return redirect("scoring:prediction")


def _page(request: PageRequest, form: PredictionForm, status: int = 200) -> HttpResponse:
    setting, model, training = (
        queries.prediction_setting(),
        queries.newest_model(),
        queries.last_training(),
    )
    context = {
        "setting": setting,
        "model": model,
        "is_in_use": bool(model and setting.is_on),
        "training": training,
        "outcome": training.outcome if training else {},
        "needed": NEEDED,
        "round": queries.round_under_way(),
        "is_waiting": bool(
            setting.asked_at and (training is None or training.started_at < setting.asked_at)
        ),
        "form": form,
        "may_run": policies.permits("run_prediction", by=request.user),
        "models": queries.prediction_models()[:VERSIONS_SHOWN],
    }
    shown = _refused(training) or model
    if shown:
        context |= _evaluation(shown)
    return render(request, "scoring/prediction/page.html", context, status=status)


def _refused(training: Any) -> PredictionModel | None:
    """What the last training found, where it was not good enough to be used."""
    if training is None or training.outcome.get("code") != "no_better":
        return None
    return queries.prediction_models().filter(number=training.outcome.get("number")).first()


def _evaluation(model: PredictionModel) -> dict[str, Any]:
    figures = model.figures
    return {
        "shown": model,
        "figures": figures,
        "cut": parse_datetime(figures["cut"]),
        "verdicts": verdict_rows(figures),
        "calibration": calibration_chart(figures),
        "bins": figures["model"]["bins"],
        "curve": curve_chart(figures),
        "steps": curve_rows(figures),
        "weights": weight_chart(queries.card_of(model)),
    }
