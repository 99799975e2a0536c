"""Can this Python run LeadFlow? Written so that old interpreters can read it and say no clearly."""
# ruff: noqa: UP031

import sys

OLDEST = (3, 11)
NEWEST = (3, 13)


def find_problem(version):
    # type: (tuple[int, ...]) -> str | None
    """Return the line to show when Python `version` is not supported, else None."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return None
    return "LeadFlow needs Python %s to %s, but %s is Python %s: name another with PYTHON=..." % (
        _dotted(OLDEST),
        _dotted(NEWEST),
        sys.executable,
        _dotted(version),
    )


def find_missing_module():
    # type: () -> str | None
    """Return the line to show when this Python cannot make virtual environments, else None."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "%s cannot make virtual environments: install python%s-venv." % (
            sys.executable,
            _dotted(sys.version_info[:2]),
        )
    return None


def _dotted(version):
    # type: (tuple[int, ...]) -> str
    return "%d.%d" % tuple(version[:2])


if __name__ == "__main__":
    problem = find_problem(sys.version_info[:2]) or find_missing_module()
    if problem:
        sys.stderr.write(problem + "\n")
        sys.exit(1)
