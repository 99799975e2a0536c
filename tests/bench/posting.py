"""Programs that post the same request again and again; they cost little, the server has the machine."""

import multiprocessing
import socket
import time

CLIENTS = 2  # processes
CONNECTIONS = 8  # of each
AHEAD_SECONDS = 1.0  # all of them are there by then


def post_often(port: int, request: bytes, *, seconds: float, status: int = 204) -> int:
    """Post from several processes over kept connections; returns how many answers came, all `status`."""
    work = [(port, request, status, time.time() + AHEAD_SECONDS, seconds)] * CLIENTS
    with multiprocessing.get_context("spawn").Pool(CLIENTS) as clients:
        return sum(clients.starmap(post, work))


def post(port: int, request: bytes, status: int, start_at: float, seconds: float) -> int:
    """One program with several connections, each of which waits for its answer; returns their number."""
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    sign, done = f" {status} ".encode(), 0
    time.sleep(max(0.0, start_at - time.time()))
    while time.time() < start_at + seconds:
        for line in lines:
            line.sendall(request)
        for line in lines:
            answer = line.recv(65_536)
            while b"\r\n\r\n" not in answer:
                answer += line.recv(65_536)
            if sign not in answer[:16]:
                raise RuntimeError(answer[:200])
            done += 1
    return done
