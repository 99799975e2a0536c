"""What must hold before anything is started."""

import errno
import socket

from leadflow.runtime.errors import StartError


def choose_port(host: str, port: int) -> int:
    """Return `port` when it is free (0: any free one); raises StartError."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise StartError(_explain(host, port, error)) from None


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
