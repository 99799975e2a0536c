"""`python -m leadflow.runtime`: up, run, healthy, reachable."""

import argparse
import os
import signal
import subprocess
import sys

from leadflow.runtime import addresses, check_python, cluster, commands, embedded, health, launcher
from leadflow.runtime.errors import StartError
from leadflow.runtime.terminal import complain

OFF = ("0", "false", "no", "off")


def main() -> int:
    """Run the chosen command; a StartError becomes one line and exit code 1."""
    try:
        arguments = _parser().parse_args()
        _check_python()
        return int(arguments.command(arguments))
    except StartError as error:
        complain(f"LeadFlow: {error}")
        return 1


def up(arguments: argparse.Namespace) -> int:
    """Run LeadFlow until Ctrl-C."""
    options = launcher.Options(
        home=addresses.home(),
        host=arguments.host or os.environ.get("LEADFLOW_HOST") or "127.0.0.1",
        port=_port(arguments.port or os.environ.get("PORT") or str(commands.DEFAULT_PORT)),
        demo=os.environ.get("DEMO", "1").lower() not in OFF,
    )
    return launcher.up(options)


def run(arguments: argparse.Namespace) -> int:
    """Run a program with PostgreSQL and Redis there for it; returns its exit code."""
    with embedded.ensure(durable=not arguments.not_durable):
        child = subprocess.Popen(arguments.program, env=_environment())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the program by itself
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = child.wait()
    return 128 - code if code < 0 else code


def healthy(arguments: argparse.Namespace) -> int:
    """Exit 0 when the web process of this machine answers that all is well."""
    port = _port(os.environ.get("PORT") or str(commands.DEFAULT_PORT))
    return 0 if health.answers(health.site_url("127.0.0.1", port)) else 1


def reachable(arguments: argparse.Namespace) -> int:
    """Exit 0 when PostgreSQL and Redis can be reached."""
    health.check_services()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leadflow.runtime")
    choices = parser.add_subparsers(required=True)
    for command in (up, run, healthy, reachable):
        choice = choices.add_parser(command.__name__, help=command.__doc__)
        choice.set_defaults(command=command)
    choices.choices["up"].add_argument("--port")
    choices.choices["up"].add_argument("--host")
    choices.choices["run"].add_argument("--not-durable", action="store_true")
    choices.choices["run"].add_argument("program", nargs="+")
    return parser


def _check_python() -> None:
    problem = check_python.find_problem(sys.version_info[:2])
    if problem:
        raise StartError(problem)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise StartError(f"PORT must be a number up to 65535, not {text!r}.")
    return int(text)


def _environment() -> dict[str, str]:
    """Everything a program needs to find the services, psql and pg_dump included."""
    ours = {
        "DATABASE_URL": addresses.database_url(),
        "REDIS_URL": addresses.redis_url(),
        "BROKER_URL": addresses.broker_url(),
    }
    return os.environ | ours | ({} if os.environ.get("DATABASE_URL") else _client_environment())


def _client_environment() -> dict[str, str]:
    return {
        "PATH": f"{cluster.binaries()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PGHOST": str(addresses.postgres_socket_folder(addresses.home())),
        "PGPORT": str(addresses.POSTGRES_PORT),
        "PGUSER": addresses.DATABASE,
        "PGDATABASE": addresses.DATABASE,
    }


if __name__ == "__main__":
    sys.exit(main())
