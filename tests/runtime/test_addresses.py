"""Addresses are the same for every program, and each client library reads them."""

from pathlib import Path

import environ
import psycopg2.extensions
import pytest
import redis

from leadflow.runtime import addresses

HOME = Path("/srv/lead flow+1")


@pytest.fixture(autouse=True)
def _nothing_set_up(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LEADFLOW_HOME", str(HOME))


def test_libpq_reads_the_database_address():
    parts = psycopg2.extensions.parse_dsn(addresses.database_url())

    assert parts == {
        "user": "leadflow",
        "dbname": "leadflow",
        "host": "/srv/lead flow+1/run/pg",
        "port": "5432",
    }


def test_django_reads_the_database_address():
    config = environ.Env.db_url_config(addresses.database_url())

    assert (config["NAME"], config["USER"], config["PORT"]) == ("leadflow", "leadflow", 5432)
    assert config["OPTIONS"] == {"host": "/srv/lead flow+1/run/pg"}


def test_redis_py_reads_the_redis_address():
    client = redis.Redis.from_url(addresses.redis_url())

    assert client.connection_pool.connection_kwargs["path"] == "/srv/lead flow+1/run/redis.sock"


def test_celery_gets_the_form_it_wants():
    assert addresses.broker_url() == "redis+socket:///srv/lead%20flow%2B1/run/redis.sock"


def test_addresses_in_the_environment_win(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/leadflow")
    monkeypatch.setenv("REDIS_URL", "redis://cache:6379/1")

    assert addresses.database_url() == "postgres://u:p@db/leadflow"
    assert addresses.redis_url() == addresses.broker_url() == "redis://cache:6379/1"


def test_a_long_home_gets_a_short_socket_folder_of_its_own():
    deep, other = Path("/srv") / ("x" * 120), Path("/srv") / ("y" * 120)

    assert len(str(addresses.socket_folder(deep))) < 40
    assert addresses.socket_folder(deep) == addresses.socket_folder(deep)
    assert addresses.socket_folder(deep) != addresses.socket_folder(other)


def test_home_is_the_project_folder_unless_said_otherwise(monkeypatch):
    monkeypatch.delenv("LEADFLOW_HOME")

    assert addresses.home() == addresses.PROJECT / ".leadflow"
