"""What must hold before anything is started."""

import errno
import socket
from typing import Any

from leadflow.runtime.errors import StartError


def choose_address(host: str, port: int) -> tuple[str, int]:
    """Return `host` as a number (granian takes no names) and `port` if free (0: any free one)."""
    try:
        family, kind, _, _, address = _resolve(host, port)
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            number, chosen = probe.getsockname()[:2]
            return str(number), int(chosen)
    except OSError as error:
        raise StartError(_explain(host, port, error)) from None


def _resolve(host: str, port: int) -> tuple[Any, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return min(found, key=lambda entry: entry[0] != socket.AF_INET)


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Choose another one: make up PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} is not open to ordinary users. Choose one above 1023: make up PORT=8000"
        )
    return f"LeadFlow cannot listen on {host}, port {port}: {error.strerror}."
