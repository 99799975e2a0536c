"""The data folder and its parts: made on demand, private to their owner."""

import os
from pathlib import Path

from leadflow.runtime import addresses
from leadflow.runtime.errors import StartError

PARTS = ("log", "run")


def prepare(home: Path) -> None:
    """Make the data folder and prove that it can be written; raises StartError."""
    try:
        for folder in (home, *(home / part for part in PARTS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_probe(home / "run" / f"probe-{os.getpid()}")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartError(
            f"Cannot write to the data folder {home}: {reason}. "
            "Set LEADFLOW_HOME to a folder you can write to."
        ) from None
    if addresses.socket_folder(home) != home / "run":
        _claim(addresses.socket_folder(home))


def _claim(folder: Path) -> None:
    """Make `folder`, which stands where everybody may write; refuse what somebody else put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise StartError(f"{folder} belongs to another user: remove it, or set LEADFLOW_HOME.")


def _write_probe(path: Path) -> None:
    path.write_bytes(b"LeadFlow can write here.\n")
    path.unlink()
