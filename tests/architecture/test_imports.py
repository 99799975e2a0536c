"""The architecture is enforced: a wrong import or a stray module makes the check fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("content", "leads", "scoring", "nurture", "handoff", "reports")
FRONT_DOOR = {"events", "services", "queries", "models"}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts on a copy of the project."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and the contracts, to be spoilt."""
    for package in ("leadflow", *APPS):
        shutil.copytree(
            PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy: Path) -> None:
    result = lint(copy)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("leads/services/people.py", "from scoring import services"),
        ("leadflow/core/outbox.py", "from leads import models"),
        ("leads/models/people.py", "from leads import services"),
        ("reports/queries/__init__.py", "from leads.engine import pipeline"),
        ("scoring/apps.py", "from leads import views"),
    ],
)
def test_a_wrong_import_breaks_a_contract(copy: Path, file: str, line: str) -> None:
    target = copy / file
    target.write_text(f"{target.read_text()}\n{line}\n")

    result = lint(copy)

    assert result.returncode != 0
    assert "BROKEN" in result.stdout


@pytest.mark.parametrize("file", ["leads/utils.py", "reports/helpers.py", "leadflow/common.py"])
def test_a_stray_module_breaks_a_contract(copy: Path, file: str) -> None:
    (copy / file).write_text('"""Everything that has no home."""\n')

    result = lint(copy)

    assert result.returncode != 0


def test_every_module_behind_a_front_door_is_protected() -> None:
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    contracts = config["tool"]["importlinter"]["contracts"]
    protected = {name for one in contracts for name in one.get("protected_modules", [])}
    inner = {
        f"{app}.{entry.stem}"
        for app in APPS
        for entry in (PROJECT / app).iterdir()
        if entry.stem not in {"__init__", "__pycache__", "migrations"} | FRONT_DOOR
        and (entry.suffix == ".py" or entry.is_dir())
    }

    assert inner <= protected
