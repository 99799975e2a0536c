"""The command lines of LeadFlow's processes; docker-compose.yml must run the same ones."""

import sys
from pathlib import Path

DEFAULT_PORT = 8000
HEALTH_PATH = "/healthz"
WEB_WORKERS = 2
WEB_THREADS = 8  # per worker; bounded, because each busy thread holds a database connection
BACKGROUND_WORKERS = 2

DEMO_PASSWORD = "leadflow-demo"
DEMO_SIGN_INS = (
    ("admin@demo.example", "admin"),
    ("mara@demo.example", "marketer"),
    ("rita@demo.example", "sales rep"),
    ("max@demo.example", "manager"),
    ("cora@demo.example", "customer care"),
)


def web(*, host: str, port: int, python: str = sys.executable) -> list[str]:
    """Serve the pages, the API and the static files."""
    return [
        *(python, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
        "leadflow.wsgi:application",
    ]


def worker(*, python: str = sys.executable) -> list[str]:
    """Run the sweeps."""
    return [
        *(python, "-m", "celery", "-A", "leadflow", "worker"),
        *("--concurrency", str(BACKGROUND_WORKERS), "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle"),
    ]


def beat(*, home: Path, python: str = sys.executable) -> list[str]:
    """Say when a sweep is due."""
    return [
        *(python, "-m", "celery", "-A", "leadflow", "beat", "--loglevel", "WARNING"),
        *("--schedule", str(home / "run" / "beat"), "--pidfile", ""),
    ]


def migrate(*, python: str = sys.executable) -> list[str]:
    """Bring the database up to date."""
    return [python, "manage.py", "migrate", "--no-input", "--skip-checks"]


def demo(*, python: str = sys.executable) -> list[str]:
    """Fill an empty database with a believable company."""
    return [python, "manage.py", "demo"]
