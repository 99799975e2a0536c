"""The embedded services: shared by their users, whole after every kind of death."""

import os
import shutil
import signal
from pathlib import Path

import psycopg2
import psycopg2.extras
import pytest
import redis
from kombu import Connection

from leadflow.runtime import addresses, embedded
from leadflow.runtime.postgres import Postgres
from leadflow.runtime.processes import alive
from leadflow.runtime.redis_server import Redis
from tests.runtime.machine import (
    AS_ORDINARY_USER,
    all_gone,
    begin_use,
    eventually,
    give_to_ordinary_user,
    python,
    using,
)


@pytest.fixture
def home(tmp_path):
    """A data folder whose services are stopped at the end, whatever the test did to them."""
    folder = tmp_path / "home"
    yield folder
    for server in (Redis(folder), Postgres(folder)):
        server.stop()


def pids_of(home: Path) -> set[int]:
    return {server.pid() for server in (Postgres(home), Redis(home))}


def ask(home: Path, question: str) -> object:
    connection = psycopg2.connect(addresses.embedded_database_url(home))
    with connection, connection.cursor() as cursor:
        cursor.execute(question)
        answer = cursor.fetchone()[0]
    connection.close()
    return answer


def test_users_share_one_server_and_the_last_one_stops_it(home):
    with using(home):
        servers = pids_of(home)
        with using(home):
            assert pids_of(home) == servers
        assert all(alive(pid) for pid in servers)
    assert all_gone(servers)


def test_users_that_start_together_get_the_same_server(home):
    first, second = begin_use(home), begin_use(home)

    assert first.stdout.readline() == second.stdout.readline() == "ready\n"
    assert ask(home, "SELECT 1") == 1
    servers = pids_of(home)
    first.communicate(timeout=30)
    assert pids_of(home) == servers
    second.communicate(timeout=30)
    assert all_gone(servers)


def test_a_killed_user_no_longer_counts(home):
    with using(home):
        servers = pids_of(home)
        with using(home) as victim:
            victim.kill()
    assert all_gone(servers)


def test_text_is_compared_as_people_expect(home):
    with using(home):
        assert ask(home, "SELECT lower('Ä')") == "ä"
        assert ask(home, "SHOW server_encoding") == "UTF8"
        assert ask(home, "SHOW server_version").startswith("18.")


def test_redis_keeps_what_it_holds_over_a_restart(home):
    for _ in range(2):
        with embedded.ensure(home):
            count = redis.Redis.from_url(addresses.embedded_redis_url(home)).incr("starts")

    assert count == 2


def test_celery_speaks_to_the_embedded_redis(tmp_path, monkeypatch):
    home = tmp_path / "a home"
    monkeypatch.setenv("REDIS_URL", addresses.embedded_redis_url(home))
    with using(home), Connection(addresses.broker_url()) as broker:
        queue = broker.SimpleQueue("nudges")
        queue.put({"sweep": "deliver_events"})

        assert queue.get(timeout=5).payload == {"sweep": "deliver_events"}


def test_a_first_start_killed_half_way_leaves_nothing_half_made(home):
    victim = begin_use(home)
    assert eventually(lambda: any(home.glob("postgres.draft-*/PG_VERSION")))
    victim.kill()
    victim.wait()

    assert not (home / "postgres").exists()
    with using(home):
        assert ask(home, "SELECT 1") == 1
    assert not list(home.glob("postgres.draft-*"))


def test_a_killed_server_starts_again_although_its_number_was_given_out_anew(home):
    with using(home):
        server = Postgres(home).pid()
        os.kill(server, signal.SIGKILL)
        assert all_gone({server})
    notes = home / "postgres" / "postmaster.pid"
    notes.write_text(notes.read_text().replace(str(server), str(os.getpid()), 1))

    with using(home):
        assert ask(home, "SELECT 1") == 1


def test_orphans_of_a_killed_server_do_not_keep_the_next_one_from_starting(home):
    with using(home):
        busy = psycopg2.connect(addresses.embedded_database_url(home), async_=True)
        psycopg2.extras.wait_select(busy)
        orphan = busy.info.backend_pid
        busy.cursor().execute("SELECT count(*) FROM generate_series(1, 10000000000)")
        os.kill(Postgres(home).pid(), signal.SIGKILL)
    assert alive(orphan)

    with using(home):
        assert ask(home, "SELECT 1") == 1
    assert all_gone({orphan})


def test_a_home_with_a_long_path_works(tmp_path):
    home = tmp_path / ("long" * 30)
    with using(home):
        assert ask(home, "SELECT 1") == 1
    shutil.rmtree(addresses.socket_folder(home))


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    home = tmp_path / ("long" * 30)
    addresses.socket_folder(home).symlink_to(tmp_path)
    try:
        done = python("-c", "from leadflow.runtime import embedded; embedded.ensure()", home=home)
    finally:
        addresses.socket_folder(home).unlink()

    assert "belongs to another user" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test shows it already")
def test_an_ordinary_user_can_do_the_same(home):
    home.mkdir()
    give_to_ordinary_user(home)

    with using(home, prefix=AS_ORDINARY_USER):
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in pids_of(home)} == {65534}


def test_nothing_is_started_where_addresses_are_given(home):
    done = python(
        "-c",
        "from leadflow.runtime import embedded; print(embedded.ensure().servers)",
        home=home,
        DATABASE_URL=addresses.database_url(),
        REDIS_URL=addresses.redis_url(),
    )

    assert done.stdout == "[]\n"
    assert not home.exists()


def test_only_the_service_without_an_address_is_started(home):
    done = python(
        "-c",
        "from leadflow.runtime import embedded; print([s.name for s in embedded.ensure().servers])",
        home=home,
        DATABASE_URL=addresses.database_url(),
    )

    assert done.stdout == "['redis']\n"
    assert not (home / "postgres").exists()


def test_data_of_another_postgres_version_is_refused_in_one_line(home):
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("15\n")

    done = python("manage.py", "migrate", "--check", home=home)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "was made by PostgreSQL 15" in done.stderr


def test_run_gives_a_program_the_services_and_returns_its_exit_code(home):
    program = "psql --tuples-only --command 'SELECT 42' && exit 7"

    done = python("-m", "leadflow.runtime", "run", "--", "sh", "-c", program, home=home)

    assert done.stdout.strip() == "42"
    assert done.returncode == 7
