"""The simulator: what another agreement, or other points, would have done; nothing changes by it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core import charts
from leadflow.core.dialogs import done
from leadflow.core.errors import DomainError
from leadflow.core.parts import condition_fields
from leadflow.core.tables import Keyset
from scoring import queries
from scoring import services as scoring
from scoring.forms import SimulationForm
from scoring.models import Simulation
from scoring.queries import Step
from scoring.views.access import PageRequest, may

LARGEST = 2**63 - 1
CALLS_A_DAY, MOST_CALLS = 40, 500
CALLS_A_LEAD, MOST_A_LEAD = 4, 50
FEWEST_DRAWN = 5


@dataclass(frozen=True)
class Look:
    """How the figures are looked at: where the threshold stands, and how many calls it takes."""

    threshold: int
    calls: int
    each: int

    def at(self, threshold: int) -> str:
        """The address of the same look at another threshold."""
        return "?" + urlencode({"threshold": threshold, "calls": self.calls, "each": self.each})


@require_http_methods(["GET", "HEAD", "POST"])
@may("simulate")
def simulator(request: PageRequest) -> HttpResponse:
    """Ask for a replay; those of before, and agreements that ask to be looked at again."""
    form = SimulationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            simulation = scoring.start_simulation(
                question=form.question(), by=request.user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("scoring:simulation", pk=simulation.pk)
    context = {
        "form": form,
        "simulations": Simulation.objects.select_related("handoff", "author")[:20],
        "reviews": queries.reviews_due(at=timezone.now()),
    }
    return render(
        request, "scoring/simulator/start.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@vary_on_headers("HX-Request")
@may("simulate")
def simulation(request: PageRequest, pk: int) -> HttpResponse:
    """How far a replay is; once it is done, its figures at the threshold that is asked for."""
    found = _simulation_or_404(pk)
    is_swap = bool(request.htmx and not request.htmx.history_restore_request)
    if found.state != Simulation.State.DONE:
        template = "scoring/simulator/progress.html" + ("#progress" if is_swap else "")
        return render(request, template, {"simulation": found})
    if is_swap and "threshold" not in request.GET:  # it was running when the page was opened
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "scoring/simulator/results.html", _results(request, found))


@require_safe
@may("simulate")
def simulated_leads(request: PageRequest, pk: int) -> HttpResponse:
    """The leads behind a figure of a replay."""
    found = _simulation_or_404(pk)
    which = request.GET.get("which", "unknown")
    if which not in queries.BEHIND or found.state != Simulation.State.DONE:
        raise Http404
    at = _look(request, found).threshold
    rows = queries.cycles_behind(found, which=which, threshold=at)
    context = {
        "simulation": found,
        "page": Keyset(rows, ("id",), request.GET).page(),
        "words": queries.BEHIND[which],
        "threshold": at,
    }
    return render(request, "scoring/simulator/leads.html", context)


@require_POST
@may("simulate")
def discard_simulation(request: PageRequest, pk: int) -> HttpResponse:
    """Drop a replay."""
    scoring.discard_simulation(simulation_id=min(pk, LARGEST), by=request.user)
    return done(request, "The replay is gone.", to=reverse("scoring:simulator"))


def _simulation_or_404(pk: int) -> Simulation:
    rows = Simulation.objects.select_related("handoff__offered", "handoff__accepted", "author")
    return get_object_or_404(rows, pk=min(pk, LARGEST))


def _look(request: PageRequest, found: Simulation) -> Look:
    """What is asked for; the nearest position of the threshold, and the usual for what makes no sense."""
    wanted = _number(request, "threshold", found.threshold, most=10_000)
    return Look(
        threshold=min(queries.thresholds_of(found), key=lambda one: (abs(one - wanted), one)),
        calls=_number(request, "calls", CALLS_A_DAY, most=MOST_CALLS),
        each=_number(request, "each", CALLS_A_LEAD, most=MOST_A_LEAD),
    )


def _number(request: PageRequest, name: str, usual: int, *, most: int) -> int:
    text = request.GET.get(name, "")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 7 else usual


@dataclass(frozen=True)
class Shown:
    """A figure of a replay with the leads behind it."""

    step: Step
    links: dict[str, str]
    is_chosen: bool
    is_agreed: bool
    href: str


def _results(request: PageRequest, found: Simulation) -> dict[str, Any]:
    look, real = _look(request, found), Step(**found.real)
    shown = [_shown(found, step, look) for step in queries.steps_of(found)]
    chosen = next(one for one in shown if one.is_chosen)
    calls = {"calls_a_day": look.calls, "calls_a_lead": look.each}
    interval = chosen.step.acceptance_range
    gauge = charts.gauge(
        chosen.step.acceptance,
        float(found.handoff.target),
        interval.low if interval else None,
        interval.high if interval else None,
    )
    return {
        "simulation": found,
        "look": look,
        "positions": shown,
        "low": shown[0].step.threshold,
        "high": shown[-1].step.threshold,
        "size": shown[1].step.threshold - shown[0].step.threshold if len(shown) > 1 else 1,
        "chosen": chosen,
        "real": real,
        "reps": chosen.step.reps_needed(**calls),
        "real_reps": real.reps_needed(**calls),
        "gauge": gauge,
        "weekly": _weekly(found, chosen.step, real),
        "weeks": list(zip(queries.weeks_of(found), chosen.step.weekly, real.weekly, strict=True)),
        "volume": _volume(shown),
        "quality": _quality(shown),
        "clauses": queries.clauses(found.condition),
        "dated": _labels(found.dated),
        "undated": _labels(found.undated),
    }


def _shown(found: Simulation, step: Step, look: Look) -> Shown:
    leads = reverse("scoring:simulated_leads", args=[found.pk])
    return Shown(
        step=step,
        links={
            which: f"{leads}?{urlencode({'which': which, 'threshold': step.threshold})}"
            for which in queries.BEHIND
        },
        is_chosen=step.threshold == look.threshold,
        is_agreed=step.threshold == found.threshold,
        href=look.at(step.threshold),
    )


def _weekly(found: Simulation, step: Step, real: Step) -> charts.Plot:
    """Offers week by week, as they would have been and as they were."""
    weeks = [f"{week:%-d %b}" for week in queries.weeks_of(found)]
    would, were = (
        [charts.Point(week, float(count)) for week, count in zip(weeks, counts, strict=True)]
        for counts in (step.weekly, real.weekly)
    )
    series = [
        charts.Series("Would have been offered", would),
        charts.Series("Were offered", were, "2"),
    ]
    return charts.bars(series, unit="leads")


def _volume(shown: list[Shown]) -> charts.Plot:
    points = [
        charts.Point(str(one.step.threshold), round(one.step.per_week, 1), one.href)
        for one in shown
    ]
    return charts.line([charts.Series("Offers a week", points)], unit="a week", height=180)


def _quality(shown: list[Shown]) -> charts.Plot:
    """Acceptance and win rate over the threshold; a gap where too few are known to draw a line."""
    rates = {
        "Accepted": [_rate(one.step.acceptance, one.step.decided) for one in shown],
        "Won": [_rate(one.step.win_rate, one.step.closed) for one in shown],
    }
    series = [
        charts.Series(
            name,
            [
                charts.Point(
                    str(one.step.threshold),
                    rate,
                    one.href,
                )
                for one, rate in zip(shown, found, strict=True)
            ],
            tone,
        )
        for (name, found), tone in zip(rates.items(), ("1", "3"), strict=True)
    ]
    return charts.line(series, unit="%", height=180)


def _rate(rate: float | None, n: int) -> float | None:
    """A share as per cent; None where too few are known."""
    return None if rate is None or n < FEWEST_DRAWN else round(100 * rate, 1)


def _labels(names: list[str]) -> list[str]:
    """Fields as people call them; one that is gone by its own name."""
    known = dict(condition_fields.items())
    return [known[name].label if name in known else name for name in names]
