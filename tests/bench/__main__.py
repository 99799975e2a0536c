"""python -m tests.bench: run the benchmarks (ONLY=name for one, SCALE=small|full for the size)."""

import os
import sys

import django


def main() -> int:
    """Run against a database of its own; exit 2 for a name nobody knows."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadflow.settings")
    os.environ["NUDGES"] = "0"
    django.setup()

    from django.db import connection

    from tests.bench import (  # noqa: F401  (they register themselves)
        duplicates,
        form_posts,
        leads,
        lists,
        pipeline,
        predictions,
        replays,
        scoring,
        segment_follow,
        starting,
        track_posts,
    )
    from tests.bench.figures import benchmarks

    only = os.environ.get("ONLY") or ""
    if only and only not in benchmarks:
        sys.stderr.write(f"There is no benchmark {only}; there are {', '.join(benchmarks)}.\n")
        return 2
    count = 1_000_000 if os.environ.get("SCALE") == "full" else 100_000
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        for figure, run in benchmarks.items():
            if only in {"", figure}:
                run(count)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
