"""Nudges: hints to the workers that work is waiting. Losing one delays work, the schedule catches up."""

import logging
import threading
import time

from django.conf import settings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.1  # who nudges thousands of times a second is heard ten times

_waiting: set[str] = set()
_wake = threading.Condition()
_thread: threading.Thread | None = None


def nudge(sweep: str) -> None:
    """Ask the workers to run `sweep` soon; returns at once, whatever the broker does."""
    global _thread
    if not settings.NUDGES:
        return
    with _wake:
        _waiting.add(sweep)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_send_forever, name="nudges", daemon=True)
            _thread.start()
        _wake.notify()


def _send_forever() -> None:
    while True:
        with _wake:
            while not _waiting:
                _wake.wait()
            names = sorted(_waiting)
            _waiting.clear()
        for name in names:
            _send(name)
        time.sleep(PAUSE_SECONDS)


def _send(name: str) -> None:
    from celery import current_app

    try:
        current_app.send_task("leadflow.run_sweep", args=[name], ignore_result=True, expires=30)
    except Exception:  # noqa: BLE001  (an absent broker may fail in many ways; the sweep comes anyway)
        logger.warning("the broker is not there; %s waits for the schedule", name)
