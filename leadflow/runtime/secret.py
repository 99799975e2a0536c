"""The signing key: from the environment, or made once and kept in the data folder."""

import os
import secrets
from pathlib import Path

from leadflow.runtime import addresses, folders


def secret_key() -> str:
    """Return SECRET_KEY, or the key kept in the data folder (made at first use, mode 0600)."""
    return os.environ.get("SECRET_KEY") or _kept_key(addresses.home())


def _kept_key(home: Path) -> str:
    path = home / "secret_key"
    if not path.exists():
        folders.prepare(home)
        _make_key(path)
    return path.read_text().strip()


def _make_key(path: Path) -> None:
    draft = path.with_name(f"secret_key.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(draft, path)  # never replaces: of two processes that start together, one key wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
