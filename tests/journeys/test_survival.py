"""What was acknowledged is kept, whichever process is killed."""

import os
import re
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.journeys.stack import Stack, answers, wait_for
from tests.runtime.machine import command_line, descendants_of

pytestmark = pytest.mark.timeout(300)
POSTS, SENDERS = 200, 40


def post(stack: Stack, email: str) -> bool:
    """Send the form once, as a person would; True when the answer says it was received."""
    try:
        page = urllib.request.urlopen(f"{stack.url}/f/pump-guide/", timeout=10).read().decode()
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        time.sleep(1.5)  # what is quicker is taken for a robot
        values = {"first_name": "Eve", "email": email, "token": token, "consent": "on"}
        request = urllib.request.Request(
            f"{stack.url}/f/pump-guide/",
            data=urllib.parse.urlencode(values).encode(),
            headers={"Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return 200 <= response.status < 300
    except (OSError, TypeError):
        return False


def kill(stack: Stack, sign: str) -> None:
    """kill -9 every process of the stack whose command line contains `sign`."""
    for pid in descendants_of(stack.launched.process.pid):
        if sign in command_line(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "sign", ["granian", "postgres", "celery -A leadflow worker", "redis-server"]
)
def test_no_acknowledged_form_is_lost_when_a_process_is_killed(stack: Stack, sign: str) -> None:
    wait_for(lambda: answers(f"{stack.url}/healthz"), what="health")
    name = re.sub(r"\W", "", sign).lower()
    kept: list[str] = []
    emails = [f"{name}{number}@survivor.example.com" for number in range(POSTS)]

    def send(part: list[str]) -> None:
        for email in part:
            tries = (post(stack, email) or time.sleep(1) for _ in range(5))
            if any(tries):
                kept.append(email)

    threads = [threading.Thread(target=send, args=[emails[n::SENDERS]]) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    time.sleep(2.5)
    kill(stack, sign)
    for thread in threads:
        thread.join()

    wait_for(lambda: answers(f"{stack.url}/healthz"), what="health", seconds=60)
    assert len(kept) > POSTS // 2
    count = "SELECT count(*) FROM leads_lead WHERE email = ANY(%s)"
    wait_for(lambda: stack.value(count, kept) == len(kept), what="every lead", seconds=60)
