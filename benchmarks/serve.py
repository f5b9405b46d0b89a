"""The service under load, over loopback: writes results/serve.json.

    python benchmarks/serve.py                                      about three minutes on two idle cores
    python benchmarks/serve.py --count 200 --flat 400 --seconds 1   a try, in results/trial.json

start       from the start of the process to the first answer
steady      16 connections, each asking again as soon as it is answered, with a picture of 56x56: digits a second,
            latencies
framed      the same with 28x28 pixels, framed as MNIST's are, which need no looking for the writing
drawing     the same with strokes, as the page sends them
twice       offered twice the rate that was measured: what gets 429, and the latency of the rest
flat        memory before and after many requests

The load generator is one process beside the server, so they share the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record

from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.types import Gray

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CONNECTIONS = 16
ENOUGH, SLOWEST = 400, 0.060
"""Digits a second, and the 99th percentile in seconds, that are asked for at ``CONNECTIONS``."""

DRAWN_SEVEN = {"strokes": [[[10, 10], [60, 10], [30, 90]], [[25, 50], [55, 50]]], "width": 8}

Answers = list[tuple[int, float]]
"""Status and seconds of each request."""


class Server:
    """`guarismo serve` in a process of its own, on a free port."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        began = time.perf_counter()
        command = [sys.executable, "-m", "guarismo", "serve", "--port", str(port), *self._options]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.url, self.pid = f"http://127.0.0.1:{port}", self._process.pid
        while not _answers(port):
            if self._process.poll() is not None or time.perf_counter() - began > 60:
                raise SystemExit("the server does not start")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def _answers(port: int) -> bool:
    """Whether a digit is read: by a bare socket, as a client library would take time of its own."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(request())
            return connection.recv(12) == b"HTTP/1.1 200"
    except ConnectionError:
        return False


@cache
def request(kind: str = "picture") -> bytes:
    """One digit as raw HTTP: a client library would take more of the cores than the server."""
    gray = load_gray(EXAMPLES / "seven.png")
    bodies: dict[str, Callable[[], bytes]] = {
        "picture": lambda: _png(cv2.resize(gray, (56, 56), interpolation=cv2.INTER_AREA)),
        "framed": lambda: _png(np.rint(frame(gray).ink * 255).astype(np.uint8)),
        "drawing": lambda: json.dumps(DRAWN_SEVEN).encode(),
    }
    body, form = bodies[kind](), "application/json" if kind == "drawing" else "image/png"
    path = "/v1/strokes?as=digit" if kind == "drawing" else "/v1/read?as=digit"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {form}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _png(gray: Gray) -> bytes:
    return cv2.imencode(".png", gray)[1].tobytes()


class Connection:
    """A kept connection that sends the same request again and again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> Connection:
        host, port = url.removeprefix("http://").split(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def ask(self, sent: bytes) -> tuple[int, float]:
        began = time.perf_counter()
        self._writer.write(sent)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head[9:12]), time.perf_counter() - began

    def close(self) -> None:
        self._writer.close()


async def closed(url: str, count: int, kind: str = "picture") -> tuple[Answers, float]:
    """``count`` requests by 16 connections, each asking again once it is answered; and how long it took."""
    sent, answers = request(kind), Answers()
    left = iter(range(count))

    async def client() -> None:
        connection = await Connection.open(url)
        for _number in left:
            answers.append(await connection.ask(sent))
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return answers, time.perf_counter() - began


async def opened(url: str, rate: float, seconds: float) -> Answers:
    """Requests at a fixed rate whether they are answered or not, on connections that are opened when none is free."""
    sent, free, answers = request(), list[Connection](), Answers()

    async def one() -> None:
        connection = free.pop() if free else await Connection.open(url)
        try:
            answers.append(await connection.ask(sent))
        except (asyncio.IncompleteReadError, ConnectionError):  # kept idle for longer than the server keeps it
            connection = await Connection.open(url)
            answers.append(await connection.ask(sent))
        free.append(connection)

    tasks, began = [], time.perf_counter()
    for number in range(round(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    for connection in free:
        connection.close()
    return answers


def resident(pid: int) -> int:
    """Bytes that a process holds."""
    return record.held("VmRSS", pid)


def summary(answers: Sequence[tuple[int, float]]) -> dict[str, Any]:
    """Counts by status, and latencies in ms of what was read."""
    ms = 1000 * np.array([seconds for status, seconds in answers if status == 200])
    statuses = {str(status): sum(1 for one, _s in answers if one == status) for status in {s for s, _t in answers}}
    told = {
        name: float(np.percentile(ms, share)) for name, share in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))
    }
    return {"statuses": statuses, "latency_ms": told}


async def rounds(url: str, count: int, times: int, kind: str = "picture") -> dict[str, Any]:
    """``closed`` several times, after one that does not count."""
    await closed(url, count // 4, kind)
    rates, answers = [], Answers()
    for _round in range(times):
        said, took = await closed(url, count, kind)
        rates.append(len(said) / took)
        answers += said
    return {"digits_a_second": record.spread(rates), **summary(answers)}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=4000, help="requests a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flat", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of twice the load")
    return parser.parse_args()


async def main() -> None:
    asked = options()
    with Server() as server:
        steady = await rounds(server.url, asked.count, asked.rounds)
        others = {kind: await rounds(server.url, asked.count, asked.rounds, kind) for kind in ("framed", "drawing")}
        rate = 2 * steady["digits_a_second"]["median"]
        twice = {"offered_a_second": rate, **summary(await opened(server.url, rate, asked.seconds))}
        before = resident(server.pid)
        await closed(server.url, asked.flat)
        flat = {"requests": asked.flat, "before_mb": before / 1e6, "after_mb": resident(server.pid) / 1e6}
    starts = []
    for _ in range(asked.rounds):
        with Server() as server:
            starts.append(server.start_seconds)
    figures = {
        "command": " ".join(["python", "benchmarks/serve.py", *sys.argv[1:]]),
        "connections": CONNECTIONS,
        "n": {"requests_a_round": asked.count, "rounds": asked.rounds},
        "start_seconds": record.spread(starts),
        "steady": steady,
        **others,
        "twice": twice,
        "flat": flat,
    }
    record.write("serve" if asked.count >= 4000 else "trial", figures)
    fast = steady["digits_a_second"]["median"] >= ENOUGH and steady["latency_ms"]["p99"] <= 1000 * SLOWEST
    if not fast:
        print(f"less than {ENOUGH} a second, or more than {1000 * SLOWEST:.0f} ms", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main())
