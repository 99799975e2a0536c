"""The container files say the same as the code; no container engine is needed to notice."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from django.urls import resolve

from leadflow.runtime import addresses, check_python, cluster, commands

COMPOSE = yaml.safe_load((addresses.PROJECT / "docker-compose.yml").read_text())
DOCKERFILE = (addresses.PROJECT / "Dockerfile").read_text()
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
PORT = commands.DEFAULT_PORT


def readable_settings() -> set[str]:
    """Every environment variable that the settings or the runtime read."""
    sources = [addresses.PROJECT / "leadflow" / "settings.py"]
    sources += (addresses.PROJECT / "leadflow" / "runtime").glob("*.py")
    text = "\n".join(path.read_text() for path in sources)
    return set(re.findall(r"""(?:env\.\w+\(|environ\.get\()\s*["']([A-Z_]+)["']""", text))


def image_command() -> list[str]:
    return json.loads(re.search(r"^CMD (\[.*?\])", DOCKERFILE, re.S | re.M)[1].replace("\\\n", ""))


def test_the_services_are_the_launchers_and_the_servers_they_need():
    assert set(SERVICES) == {*OURS, "postgres", "redis", "mail"}


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("migrate", commands.migrate(python="python")),
        ("web", commands.web(python="python", host="0.0.0.0", port=PORT)),
        ("worker", commands.worker(python="python")),
        ("beat", commands.beat(python="python", home=Path("/data"))),
    ],
)
def test_a_container_runs_what_the_launcher_runs(service, command):
    assert SERVICES[service]["command"] == command


def test_the_image_serves_by_default():
    assert image_command() == SERVICES["web"]["command"]


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_one_that_the_code_reads(service):
    assert set(SERVICES[service]["environment"]) <= readable_settings()


@pytest.mark.parametrize("service", OURS)
def test_every_process_gets_the_same_settings(service):
    given = SERVICES[service]["environment"]

    assert given == SERVICES["web"]["environment"]
    assert {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS"} <= set(given)
    assert {"CSRF_TRUSTED_ORIGINS", "PORT"} <= set(given)


def test_addresses_lead_to_the_services():
    given = SERVICES["web"]["environment"]

    assert given["DATABASE_URL"].endswith("@postgres:5432/leadflow")
    assert given["REDIS_URL"] == "redis://redis:6379/0"
    assert "smtp://mail:1025" in given["EMAIL_URL"]


def test_the_port_is_the_default_one_everywhere():
    assert SERVICES["web"]["ports"] == [f"{PORT}:{PORT}"]
    assert SERVICES["web"]["environment"]["PORT"] == str(PORT)
    assert f"EXPOSE {PORT}\n" in DOCKERFILE


def test_the_image_uses_a_supported_python_that_brings_redis():
    versions = re.findall(r"^FROM python:(\d+)\.(\d+)-slim", DOCKERFILE, re.M)

    assert len(versions) == len(re.findall(r"^FROM ", DOCKERFILE, re.M))
    assert {check_python.find_problem((int(major), int(minor))) for major, minor in versions} == {
        None
    }


def test_the_project_promises_the_pythons_that_are_checked():
    promised = tomllib.loads((addresses.PROJECT / "pyproject.toml").read_text())["project"]
    (oldest, newest) = check_python.OLDEST, check_python.NEWEST

    assert promised["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"


def test_postgres_is_the_embedded_one_and_sorts_alike():
    postgres = SERVICES["postgres"]

    assert postgres["image"] == f"postgres:{cluster.MAJOR}"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]
    for choice in postgres["environment"]["POSTGRES_INITDB_ARGS"].split():
        assert choice in cluster.INITDB


def test_the_image_installs_only_what_is_locked():
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.index("USER leadflow") < DOCKERFILE.index("\nCMD")


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_is_watched(service):
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


def test_the_health_page_exists():
    assert SERVICES["web"]["healthcheck"]["test"][1:] == [
        "python",
        "-m",
        "leadflow.runtime",
        "healthy",
    ]
    assert resolve(commands.HEALTH_PATH).func.__name__ == "healthz"
