"""The signing key is made once and shared by every process of a data folder."""

import subprocess
import sys

from leadflow.runtime import addresses, secret
from tests.runtime.machine import environment

PRINT_KEY = "from leadflow.runtime.secret import secret_key; print(secret_key())"


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SECRET_KEY", raising=False)

    first, second = secret.secret_key(), secret.secret_key()

    assert first == second
    assert len(first) >= 50
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_environment_wins_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SECRET_KEY", "from outside")

    assert secret.secret_key() == "from outside"
    assert not (tmp_path / "home").exists()


def test_processes_that_start_together_get_the_same_key(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_KEY],
            env=environment(tmp_path / "home", SECRET_KEY=""),
            cwd=addresses.PROJECT,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]

    assert len({each.communicate()[0] for each in started}) == 1
