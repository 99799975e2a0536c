"""`make setup` on machines that are not ready for it, and the check of the Python version."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leadflow.runtime import addresses, check_python

FILES = ("Makefile", "leadflow/runtime/check_python.py")


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose lock file asks for nothing, so that installing needs no network."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(addresses.PROJECT / name, tmp_path / name)
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    return tmp_path


def lend_environment(checkout: Path) -> None:
    """Stand our own Python in for a virtual environment: making one takes ten seconds."""
    stand_in = checkout / ".venv" / "bin" / "python"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    stand_in.chmod(0o755)


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=checkout, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("version", "supported"),
    [((2, 7), False), ((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)],
)
def test_supported_versions(version, supported):
    assert (check_python.find_problem(version) is None) == supported


def test_the_line_names_what_is_needed_and_what_was_found():
    line = check_python.find_problem((3, 9))

    assert line.startswith("LeadFlow needs Python 3.11 to 3.13, but ")
    assert line.endswith(" is Python 3.9: name another with PYTHON=...")


def test_a_python_that_does_not_fit_stops_the_setup_in_one_line(checkout):
    old = checkout / "python3.9"
    old.write_text("#!/bin/sh\necho 'LeadFlow needs Python 3.11 to 3.13.' >&2\nexit 1\n")
    old.chmod(0o755)

    done = make(checkout, "up", f"PYTHON={old}")

    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "LeadFlow needs Python 3.11 to 3.13."
    assert not (checkout / ".venv").exists()


def test_half_an_installation_counts_as_none(checkout):
    lend_environment(checkout)
    lock = checkout / "requirements.lock"
    lock.write_text("./missing.whl --hash=sha256:" + "0" * 64 + "\n")
    assert make(checkout, "setup").returncode != 0
    lock.write_text("# nothing\n")

    again, then = make(checkout, "setup"), make(checkout, "setup")

    assert again.returncode == then.returncode == 0
    assert "Installing" in again.stdout
    assert "Installing" not in then.stdout


def test_help_names_every_command(checkout):
    listed = make(checkout, "help").stdout

    for command in ("up", "setup", "test", "check", "bench", "lock", "clean"):
        assert f"make {command} " in listed
