"""A request to stop is not lost, wherever the signal finds the launcher."""

import sys
import textwrap
from pathlib import Path

from tests.runtime.machine import run

PROGRAM = textwrap.dedent("""
    import os, signal, sys
    from leadflow.runtime import stopping

    class Fragile:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)  # what is raised in here is dropped
            sum(range(10_000))

    stopping.listen_for_stop()
    fragile = Fragile()
    del fragile
    try:
        stopping.check()
        print("lost")
    except stopping.StopRequested:
        print("stopping")
""")


def test_a_signal_whose_exception_was_dropped_still_stops(tmp_path: Path) -> None:
    done = run(sys.executable, "-c", PROGRAM, home=tmp_path / "home")

    assert done.stdout == "stopping\n", done.stderr
    assert "StopRequested" in done.stderr  # the exception was dropped, as in the accident
