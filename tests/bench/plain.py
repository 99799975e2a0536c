"""The plainest program that stores what it is sent: one INSERT per request (the floor of posts)."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2

_here = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Store the body as JSON and say nothing."""
    if not hasattr(_here, "cursor"):
        connection = psycopg2.connect(os.environ["DATABASE_URL"])
        connection.autocommit = True
        _here.cursor = connection.cursor()
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    _here.cursor.execute("INSERT INTO bench_plain (said) VALUES (%s)", [body.decode()])
    start_response("204 No Content", [])
    return [b""]
