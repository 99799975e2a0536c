"""The schedule names real sweeps, each once."""

import inspect

import pytest

from leadflow.schedule import SWEEPS, Sweep


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.name)
def test_a_sweep_takes_the_time_from_outside(sweep: Sweep) -> None:
    parameters = inspect.signature(sweep.load()).parameters

    assert parameters["at"].kind is inspect.Parameter.KEYWORD_ONLY


def test_names_are_used_once() -> None:
    names = [sweep.name for sweep in SWEEPS]

    assert len(set(names)) == len(names)
