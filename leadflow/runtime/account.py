"""PostgreSQL refuses to run as root: as root we run it as an account without rights."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadflow.runtime.errors import StartError

NAMES = ("postgres", "nobody")
OWNER_MAY_READ = stat.S_IRUSR | stat.S_IXUSR


@dataclass(frozen=True)
class Account:
    """An account of this machine without rights of its own."""

    uid: int
    gid: int

    def as_popen(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess` run a child as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def for_postgres(data: Path) -> Account | None:
    """Return whom PostgreSQL must run as (None: ourselves); StartError on another's data."""
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        _check_owner(data, owner)
        return None
    if owner:
        return Account(owner, data.stat().st_gid)
    return _unprivileged()


def hand_over(folder: Path, account: Account | None) -> None:
    """Give `folder` and what is in it to `account`, and let it reach it."""
    if account is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    let_pass(folder)


def let_pass(folder: Path) -> None:
    """Let other accounts traverse (not list) the folders above `folder`."""
    for parent in folder.absolute().parents:
        _add(parent, stat.S_IXOTH)


def let_read(folder: Path) -> None:
    """Let other accounts read `folder` as its owner may: a strict umask may have closed it."""
    let_pass(folder)
    if not folder.stat().st_mode & stat.S_IROTH:
        for path in (folder, *folder.rglob("*")):
            _add(path, (path.stat().st_mode & OWNER_MAY_READ) >> 6)


def _check_owner(data: Path, owner: int | None) -> None:
    if owner is not None and owner != os.geteuid():
        raise StartError(
            f"{data} belongs to user {_name_of(owner)}: "
            "run LeadFlow as that user, or set LEADFLOW_HOME to another folder."
        )


def _unprivileged() -> Account:
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StartError(
        "PostgreSQL does not run as root, and this machine has no account named "
        f"{' or '.join(NAMES)}: run LeadFlow as an ordinary user, or set DATABASE_URL."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _add(path: Path, rights: int) -> None:
    mode = path.stat().st_mode
    if mode & rights != rights:
        path.chmod(mode | rights)
