"""A pytest plugin: PostgreSQL and Redis are there before the first test, on a home of their own.

Loaded with `-p tests.services`, so that the addresses are settled before Django reads its settings.
"""

import os

import pytest

from leadflow.runtime import addresses, embedded

os.environ.setdefault("LEADFLOW_HOME", str(addresses.PROJECT / ".leadflow" / "test"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the services in the process that controls the run; its xdist workers share them."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    stay = embedded.ensure(durable=False)
    session.config.add_cleanup(stay.end)
