"""Every periodic sweep of LeadFlow, in the order in which one tick runs them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Sweep:
    """A piece of due work: `path` names a function that takes `at` and returns how many rows it handled."""

    name: str
    path: str
    every_seconds: float

    def load(self) -> Callable[..., int]:
        """Return the function behind the path."""
        sweep: Callable[..., int] = import_string(self.path)
        return sweep


SWEEPS = (
    Sweep("process_beacons", "leads.services.process_beacons", 1),
    Sweep("process_submissions", "leads.services.process_submissions", 2),
    Sweep("move_merged", "leads.services.move_merged", 10),
    Sweep("run_bulk_acts", "leads.services.run_bulk_acts", 2),
    Sweep("run_imports", "leads.services.run_imports", 2),
    Sweep("find_duplicates", "leads.services.find_duplicates", 15),
    Sweep("deliver_events", "leadflow.core.outbox.deliver_due", 1),
    Sweep("fill_segments", "leads.services.fill_segments", 2),
    Sweep("follow_time", "leads.services.follow_time", 60),
    Sweep("refresh_scores", "scoring.services.refresh_scores", 600),
    Sweep("score_overtaken", "scoring.services.score_overtaken", 60),
    Sweep("run_simulations", "scoring.services.run_simulations", 30),
    Sweep("begin_definitions", "scoring.services.begin_agreed", 60),
    Sweep("refresh_predictions", "scoring.services.refresh_predictions", 600),
    Sweep("follow_definitions", "scoring.services.follow_definitions", 60),
    Sweep("enroll_due", "nurture.services.enroll_due", 60),
    Sweep("take_due_steps", "nurture.services.take_due_steps", 10),
    Sweep("send_messages", "nurture.services.send_messages", 5),
    Sweep("recover_messages", "nurture.services.recover_messages", 60),
    Sweep("print_letters", "nurture.services.print_letters", 60),
    Sweep("assign_offers", "handoff.services.assign_waiting", 30),
    Sweep("assign_tasks", "handoff.services.assign_tasks", 30),
    Sweep("watch_clocks", "handoff.services.watch_clocks", 15),
    Sweep("expire_offers", "handoff.services.expire_offers", 60),
    Sweep("drop_guest_files", "leads.services.drop_guest_files", 3600),
    Sweep("drop_import_files", "leads.services.drop_import_files", 3600),
    Sweep("drop_delivered_events", "leadflow.core.outbox.drop_delivered", 3600),
)

_BY_NAME = {sweep.name: sweep for sweep in SWEEPS}


def run(name: str, *, at: datetime) -> int:
    """Run the sweep `name` as of `at`; returns the rows it handled."""
    return _BY_NAME[name].load()(at=at)


def run_all(*, at: datetime) -> dict[str, int]:
    """Run every sweep once in order, then deliver the events they caused until none is left."""
    handled = {sweep.name: sweep.load()(at=at) for sweep in SWEEPS}
    for _ in range(20):
        delivered = run("deliver_events", at=at)
        handled["deliver_events"] += delivered
        if not delivered:
            break
    return handled
