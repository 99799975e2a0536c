"""replay_leads: the past of very many leads under an agreement, every threshold answered."""

from django.utils import timezone

from leadflow.core.models import Role
from scoring import queries
from scoring import services as scoring
from scoring.models import Simulation
from tests.bench.figures import benchmark, report
from tests.bench.scoring import FLOOR_QUIET, _fill, _in_use, _rolled_back, _timed, _vacuum
from tests.factories import people

RUNS = 3


@benchmark
def replay_leads(count: int) -> None:
    """Leads per second, from asking for twelve months to the last figure that is kept."""
    _fill(count)
    _in_use()
    _vacuum()
    by = people.user(Role.MARKETER, team="marketing")
    values, floors = [], []
    for _ in range(RUNS):
        floors.append(count / _timed(lambda: _rolled_back(FLOOR_QUIET)))
        question = scoring.Question("mql_sal", months=12)
        simulation = scoring.start_simulation(question=question, by=by, at=timezone.now())
        values.append(count / _timed(_run))
        _check(simulation)
    report("replay_leads", values, unit="leads/s", goal=10_000, floors=floors)


def _run() -> None:
    while scoring.run_simulations(at=timezone.now()):
        pass


def _check(simulation: Simulation) -> None:
    simulation.refresh_from_db()
    if simulation.state != Simulation.State.DONE or not queries.steps_of(simulation):
        raise RuntimeError(f"the replay did not end well: {simulation.error}")
    if not any(step.offers for step in queries.steps_of(simulation)):
        raise RuntimeError("nobody would have been offered: there is nothing to measure")
