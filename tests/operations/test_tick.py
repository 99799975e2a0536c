"""A tick runs the schedule as of a time, and never beside live workers in the future."""

import json
from io import StringIO

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from leadflow.core import presence
from leadflow.runtime.processes import wait_until
from leadflow.schedule import SWEEPS

pytestmark = pytest.mark.django_db


def test_a_tick_runs_every_sweep_once() -> None:
    out = StringIO()

    call_command("tick", "--at", "2031-05-01T09:00:00+02:00", "--json", stdout=out)

    result = json.loads(out.getvalue())
    assert result["at"] == "2031-05-01T09:00:00+02:00"
    assert set(result["handled"]) == {sweep.name for sweep in SWEEPS}


def test_the_future_is_refused_while_a_worker_runs() -> None:
    params = connection.get_connection_params()
    plain = {
        key: params[key]
        for key in ("dbname", "user", "password", "host", "port")
        if params.get(key)
    }
    worker = psycopg2.connect(**plain)
    try:
        worker.cursor().execute("SELECT pg_advisory_lock_shared(%s)", [presence.LOCK_KEY])
        with pytest.raises(CommandError, match="Workers run on this database"):
            call_command("tick", "--at", "2031-05-01T09:00:00", stdout=StringIO())
        call_command("tick", "--at", "2020-05-01T09:00:00", stdout=StringIO())
    finally:
        worker.close()
    assert wait_until(lambda: not presence.workers_run(), seconds=10)
    call_command("tick", "--at", "2031-05-01T09:00:00", stdout=StringIO())


def test_a_time_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="is not a time"):
        call_command("tick", "--at", "next week")
