"""Imports from the web page: the file is kept, looked at, rehearsed and run behind the page."""

import logging
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from leadflow.core import nudges
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.importing import check_mapping, read_rows
from leads.models import Import
from leads.services.facts import FORGOTTEN
from leads.services.imports import import_leads

logger = logging.getLogger(__name__)

State = Import.State
MOST_ROWS = 500_000
KEPT_FOR = timedelta(days=7)
BETWEEN_WORDS = re.compile(r"[\s,;<>()\"]+")
LOST_AFTER = timedelta(minutes=10)
OPEN = (State.DRAFT, State.DONE, State.FAILED)  # rehearsed ones may be changed and run


def keep_import_file(*, path: Path, name: str, by: User, at: datetime) -> Import:
    """Keep a file below the media folder until it is imported; raises Invalid when it is not readable."""
    policies.check_may("import", by=by)
    _, rows = read_rows(path)
    total = 0
    for row in rows:
        total += any(row)
        if total > MOST_ROWS:
            raise Invalid(f"A file may have {MOST_ROWS:,} rows. Send it in parts.", field="file")
    if not total:
        raise Invalid(f"{name} names columns, but nobody.", field="file")
    with path.open("rb") as file:
        kept = default_storage.save(f"imports/{uuid4().hex}{path.suffix.lower()}", File(file))
    return Import.objects.create(
        file=name[:255], by=by, at=at, state=State.DRAFT, kept=kept, total=total
    )


@transaction.atomic
def start_import(
    *, import_id: int, mapping: Mapping[str, Any], is_rehearsal: bool, by: User, at: datetime
) -> Import:
    """Queue a kept file to be imported, or rehearsed; the same asked twice is once.

    Raises Invalid for a mapping that does not fit, Conflict when it was run or dropped meanwhile.
    """
    policies.check_may("import", by=by)
    run = Import.objects.select_for_update().get(pk=import_id)
    if run.state in {State.QUEUED, State.RUNNING}:
        return run
    if not run.kept or run.state not in OPEN:
        raise Conflict("This file is not there any more. Send it again.")
    with open_kept(run) as path:
        check_mapping(mapping, read_rows(path)[0])
    values = {
        "state": State.QUEUED,
        "mapping": dict(mapping),
        "is_rehearsal": is_rehearsal,
        "by": by,
        "result": {},
        "error": "",
        "handled": 0,
        "finished_at": None,
    }
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=list(values))
    transaction.on_commit(_nudge, robust=True)
    return run


def _nudge() -> None:
    nudges.nudge("run_imports")


@contextmanager
def open_kept(run: Import) -> Iterator[Path]:
    """The kept file as a path that can be read, wherever it is stored."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{Path(run.kept).suffix}"
        with default_storage.open(run.kept) as kept, path.open("wb") as copy:
            for block in kept.chunks():
                copy.write(block)
        yield path


def run_imports(*, at: datetime) -> int:
    """Run every import that waits, and those whose worker died; returns how many."""
    done = 0
    while run := _claim(at=at):
        _run(run, at=at)
        done += 1
    return done


@transaction.atomic
def _claim(*, at: datetime) -> Import | None:
    lost = Q(state=State.RUNNING, beat_at__lt=at - LOST_AFTER)
    waiting = Import.objects.filter(Q(state=State.QUEUED) | lost).order_by("pk")
    run = waiting.select_for_update(skip_locked=True).first()
    if run is not None:
        run.result = {"restarted": True} if run.state == State.RUNNING else {}
        run.state, run.beat_at, run.handled = State.RUNNING, at, 0
        run.save(update_fields=["state", "beat_at", "handled", "result"])
    return run


def _run(run: Import, *, at: datetime) -> None:
    """Import the file; a fault of the file is shown, one of ours is logged and shown, too."""

    def tell(rows: int) -> None:
        Import.objects.filter(pk=run.pk).update(handled=rows, beat_at=timezone.now())

    restarted = run.result
    try:
        with open_kept(run) as path:
            tally = import_leads(
                path=path, by=run.by, at=at, is_rehearsal=run.is_rehearsal, progress=tell, run=run
            )
            result = asdict(tally) | {"errors": _with_cells(tally.errors, path)} | restarted
    except Invalid as error:
        _end(run, state=State.FAILED, error=str(error))
    except Exception:
        logger.exception("Import %s could not be run", run.pk)
        _end(run, state=State.FAILED, error="Something went wrong. What was written before stays.")
    else:
        _end(run, state=State.DONE, result=result, handled=tally.rows)
        if not run.is_rehearsal:
            drop_kept(run)


def _end(run: Import, **values: Any) -> None:
    Import.objects.filter(pk=run.pk).update(finished_at=timezone.now(), **values)


def _with_cells(errors: Sequence[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """The rows that were left out with what stood in them, so that they can be put right.

    Nothing is kept of people who asked to be forgotten.
    """
    wanted = {error["row"] for error in errors if error["message"] != FORGOTTEN}
    header, rows = read_rows(path)
    cells = {number: row for number, row in enumerate(rows, start=2) if number in wanted}
    return [error | {"cells": cells.get(error["row"], [])[: len(header)]} for error in errors]


def drop_kept(run: Import) -> None:
    """Delete the file of an import."""
    default_storage.delete(run.kept)
    Import.objects.filter(pk=run.pk).update(kept="")


def drop_import(*, import_id: int, by: User, at: datetime) -> None:
    """Put a file away that is not to be imported; raises Conflict while it runs."""
    policies.check_may("import", by=by)
    done = Import.objects.filter(pk=import_id, state__in=OPEN).exclude(kept="")
    if not done.update(state=State.DROPPED, finished_at=at):
        raise Conflict("This import is running, or its file has gone already.")
    drop_kept(Import.objects.get(pk=import_id))


def drop_import_files(*, at: datetime) -> int:
    """Delete files that were dropped, and those that nobody has imported within a week."""
    stale = Import.objects.exclude(kept="").filter(
        Q(state=State.DROPPED) | Q(state__in=OPEN, at__lt=at - KEPT_FOR)
    )
    runs = list(stale.order_by("pk"))
    for run in runs:
        Import.objects.filter(pk=run.pk, state=State.DRAFT).update(state=State.DROPPED)
        drop_kept(run)
    return len(runs)


def drop_files_naming(words: Collection[str]) -> int:
    """Mark kept files for deletion that hold one of `words`; they are gone with the next sweep."""
    wanted = {word.casefold() for word in words}
    waiting = Import.objects.exclude(kept="").exclude(state=State.RUNNING)
    marked = [run.pk for run in waiting if _names(run, wanted)]
    return Import.objects.filter(pk__in=marked).update(
        state=State.DROPPED,
        error="It named somebody who asked to be forgotten since. Send it again without them.",
    )


def _names(run: Import, words: Collection[str]) -> bool:
    """Whether a cell of the file, or a word in one, is among `words`."""
    try:
        with open_kept(run) as path:
            _, rows = read_rows(path)
            return any(not _words_of(row).isdisjoint(words) for row in rows)
    except (FileNotFoundError, Invalid):
        return False


def _words_of(row: Sequence[str]) -> set[str]:
    cells = [cell.strip().casefold() for cell in row]
    return {*cells, *BETWEEN_WORDS.split("\t".join(cells))}
