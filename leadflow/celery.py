"""The Celery application: it runs sweeps and nothing else; all state is in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadflow.settings")

app = Celery("leadflow")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.on_after_finalize.connect
def add_schedule(sender: Celery, **kwargs: Any) -> None:
    """Turn every row of the schedule into a beat entry; a late tick is dropped, the next one catches up."""
    from leadflow.schedule import SWEEPS

    for sweep in SWEEPS:
        sender.add_periodic_task(
            sweep.every_seconds,
            run_sweep.s(sweep.name),
            name=sweep.name,
            expires=max(sweep.every_seconds, 5),
        )


@app.task(name="leadflow.run_sweep")
def run_sweep(name: str, **extra: Any) -> None:
    """Run one sweep as of now."""
    from django.utils import timezone

    from leadflow.core import presence
    from leadflow.schedule import run

    presence.announce()
    run(name, at=timezone.now())


@worker_process_init.connect
def announce_worker(**kwargs: Any) -> None:
    """Hold the lock that tells `manage.py tick` that live workers use this database."""
    from leadflow.core import presence

    presence.announce()
