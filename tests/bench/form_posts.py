"""form_posts: submissions stored and answered per second, over kept connections to the real server."""

import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from leads import services as leads
from leads.models import Form, FormSubmission, Lead
from leads.views import slips
from tests.bench.figures import benchmark, report
from tests.bench.serving import serving

RUNS = 3
CLIENTS, CONNECTIONS = 2, 4  # processes, and kept connections of each
POSTS = 2_400  # of one run
WARM_UP = 200
PLAIN = "tests.bench.plain:application"
PLENTY = {
    "RATE_LIMIT_FORMS": "100000000/minute",
    "RATE_LIMIT_FORMS_NETWORK": "100000000/minute",
}
FIELDS: list[dict[str, Any]] = [
    {"name": "first_name", "type": "text"},
    {"name": "last_name", "type": "text"},
    {"name": "email", "type": "email", "required": True},
    {"name": "phone", "type": "tel"},
    {"name": "company", "type": "company"},
    {"name": "machines", "type": "choice", "options": ["1–10", "11–100", "more"]},
]


@benchmark
def form_posts(count: int) -> None:
    """Submissions answered 303 per second with 8 connections, every one stored; the size does not matter."""
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_plain (id bigserial PRIMARY KEY, said jsonb)"
        )
    form = Form.objects.create(
        slug="bench", name="Bench", fields=FIELDS, consent_text="Yes, you may write to me."
    )
    values, tails, floors = [], [], []
    for run in range(RUNS):
        floors.append(_measure(_plain_requests(), target=PLAIN)[0])
        rate, tail = _measure(_requests(form, run))
        values.append(rate)
        tails.append(tail)
    report("form_posts", values, unit="posts/s", goal=400, floors=floors)
    report("form_posts_p99", tails, unit="ms", goal=100, better="lower")
    _check_stored()


def _requests(form: Form, run: int) -> list[bytes]:
    """As many posts as a run has, each from a page of its own that was opened a minute ago."""
    asked = [str(field["name"]) for field in FIELDS]
    opened_at = timezone.now().timestamp() - 60
    return [
        _request(f"/f/{form.slug}/", "application/x-www-form-urlencoded", urlencode(said))
        for number in range(POSTS + WARM_UP)
        for said in [
            {
                "token": slips.seal(
                    slips.Slip(
                        form=form.pk,
                        id=slips.new_id(),
                        at=opened_at,
                        asked=asked,
                        source="newsletter",
                        arrival={"source": "newsletter", "campaign": "spring"},
                        wording=(1, form.consent_text),
                    )
                ),
                "first_name": "Ada",
                "last_name": f"Lovelace {number}",
                "email": f"ada{run}-{number}@example.com",
                "phone": "+49 30 1234567",
                "company": "Analytical Engines",
                "machines": "11–100",
                "consent": "on",
            }
        ]
    ]


def _plain_requests() -> list[bytes]:
    body = json.dumps({"email": "ada@example.com", "last_name": "Lovelace", "more": "x" * 700})
    return [_request("/", "application/json", body)] * (POSTS + WARM_UP)


def _request(path: str, kind: str, body: str) -> bytes:
    data = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def _measure(requests: Sequence[bytes], target: str = "") -> tuple[float, float]:
    """Answers per second and the time in ms that 99 % of them came within."""
    with serving(target=target, **PLENTY) as client:
        port = int(client.line.port)
        _post(port, requests[:WARM_UP])  # both workers have loaded everything
        return _post(port, requests[WARM_UP:])


def _post(port: int, requests: Sequence[bytes]) -> tuple[float, float]:
    start = multiprocessing.get_context("fork")
    lines = CLIENTS * CONNECTIONS
    barrier, answers = start.Barrier(CLIENTS + 1), start.SimpleQueue()
    clients = [
        start.Process(
            target=run_client,
            args=(port, [requests[line::lines] for line in range(lines)][one::CLIENTS]),
            kwargs={"barrier": barrier, "answers": answers},
        )
        for one in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    barrier.wait()
    started = time.perf_counter()
    times = [seconds for _ in clients for seconds in answers.get()]
    took = time.perf_counter() - started
    for client in clients:
        client.join()
    return len(requests) / took, 1000 * statistics.quantiles(times, n=100)[-1]


def run_client(
    port: int, shares: Sequence[Sequence[bytes]], *, barrier: Barrier, answers: Any
) -> None:
    """One program with several kept connections; each posts again as soon as it is answered."""
    import selectors

    chosen = selectors.DefaultSelector()
    lines = [(socket.create_connection(("127.0.0.1", port)), iter(share)) for share in shares]
    barrier.wait()
    times, sent_at, running = [], {}, len(lines)
    for line, share in lines:
        line.sendall(next(share))
        sent_at[line] = time.perf_counter()
        chosen.register(line, selectors.EVENT_READ, share)
    while running:
        for key, _ in chosen.select():
            line: Any = key.fileobj
            _read_answer(line)
            times.append(time.perf_counter() - sent_at[line])
            request = next(key.data, None)
            if request is None:
                chosen.unregister(line)
                running -= 1
                continue
            line.sendall(request)
            sent_at[line] = time.perf_counter()
    answers.put(times)


def _read_answer(line: socket.socket) -> None:
    answer = line.recv(65_536)
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65_536)
    if answer[9:12] not in {b"303", b"204"}:
        raise RuntimeError(answer[:300])


def _check_stored() -> None:
    """Every one is there, and becomes a lead."""
    expected = RUNS * (POSTS + WARM_UP)
    stored = FormSubmission.objects.count()
    leads.process_submissions(at=timezone.now())
    if not stored == Lead.objects.count() == expected:
        raise RuntimeError(f"{expected} sent, {stored} stored, {Lead.objects.count()} leads")
