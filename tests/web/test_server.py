"""``guarismo serve`` as a process: the whole description under random requests, broken uploads, kill -9, bad starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

pytest.importorskip("fastapi")

from guarismo import Reader
from guarismo.cli.serve import origin
from guarismo.errors import DataError, OutputError, UsageError
from guarismo.web.app import create_app
from guarismo.web.corrections import FILE, Correction, Corrections, export, kept
from guarismo.web.guard import Settings

schemathesis: Any = pytest.importorskip("schemathesis")
checks: Any = pytest.importorskip("schemathesis.specs.openapi.checks")
httpx: Any = pytest.importorskip("httpx2")

ROOT = Path(__file__).parents[2]
SEVEN = (ROOT / "examples" / "seven.png").read_bytes()
DRAWING = {"strokes": [[[0, 0], [60, 0], [30, 90]]], "width": 8}

schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(Reader(threads=1), Settings(bytes=200_000)))


@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_server_or_gets_an_answer_that_is_not_described(case: Any) -> None:
    response = case.call()
    assert response.status_code < 500 or response.status_code == 503
    described = (checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance)
    case.validate_response(response, checks=described)


class Served:
    """A server in a process of its own."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = start("--port", str(self.port), *options)
        for _ in range(200):
            try:
                httpx.get(self.url + "/healthz", timeout=1)
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(self.process.communicate(timeout=5))

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        self.process.communicate(timeout=30)
        return self.process.returncode


def start(*options: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "guarismo", "serve", "--lang", "en", *options]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    one = Served()
    yield one
    assert one.stop() in (0, -signal.SIGTERM)


def test_broken_uploads_are_answered_and_do_not_stop_it(served: Served) -> None:
    rng = np.random.default_rng(4)
    with httpx.Client(base_url=served.url, timeout=10) as client:
        for i in range(200):
            data = bytearray(SEVEN[: int(rng.integers(1, len(SEVEN)))])
            for place in rng.integers(0, len(data), 1 + i % 7):
                data[place] = int(rng.integers(256))
            kind = ("application/octet-stream", "image/png", "application/json", "multipart/form-data; boundary=b")[
                i % 4
            ]
            answer = client.post("/v1/read?as=digit", content=bytes(data), headers={"Content-Type": kind})
            assert answer.status_code == 200 or 400 <= answer.status_code < 500, (i, answer.text)
        assert client.post("/v1/read?as=digit", content=SEVEN).json()["numbers"][0]["text"] == "7"


def test_it_loads_no_training_framework(served: Served) -> None:
    maps = Path(f"/proc/{served.process.pid}/maps")
    if not maps.exists():
        pytest.skip("no /proc here")
    assert "tensorflow" not in maps.read_text()


def test_whoever_leaves_in_the_middle_of_an_upload_is_no_fault_of_ours() -> None:
    one = Served()
    for _again in range(2):
        with socket.create_connection(("127.0.0.1", one.port)) as connection:
            connection.sendall(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc")
            time.sleep(0.1)
    counted = ""
    for _try in range(100):
        counted = httpx.get(one.url + "/metrics", timeout=5).text
        if 'status="499"} 2' in counted:
            break
        time.sleep(0.05)
    assert 'status="499"} 2' in counted and 'status="500"' not in counted
    one.process.send_signal(signal.SIGTERM)
    _out, told = one.process.communicate(timeout=30)
    assert "Traceback" not in told


def test_a_second_server_on_the_port_is_told_so(served: Served) -> None:
    second = start("--port", str(served.port))
    _out, told = second.communicate(timeout=30)
    assert second.returncode == 1
    assert told.count("\n") == 1 and "cannot listen there" in told and "choose another --port" in told


def test_what_cannot_be_served_is_told_before_the_port_opens(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for options, code in ((("--keep", str(tmp_path / "file")), 1), (("--model", str(tmp_path)), 1)):
        server = start("--port", "0", *options)
        _out, told = server.communicate(timeout=30)
        assert server.returncode == code and told.startswith("error: ") and told.count("\n") == 1, told


def test_an_empty_key_in_the_environment_and_a_name_that_is_none_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    server = start("--port", "0", "--host", "a..b")
    _out, told = server.communicate(timeout=30)
    assert server.returncode == 1 and "a..b:0: cannot listen there" in told and "Traceback" not in told
    monkeypatch.setenv("GUARISMO_API_KEY", "")
    server = start("--port", "0")
    _out, told = server.communicate(timeout=30)
    assert server.returncode == 2 and "an empty key" in told


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("https://Example.org/", "https://example.org"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("*", "*"),
    ],
)
def test_a_site_is_known_as_browsers_name_it(name: str, known: str) -> None:
    assert origin(name) == known


@pytest.mark.parametrize(
    "name", ["foo", "example.org", "https://example.org/page", "ftp://example.org", "https://", ""]
)
def test_what_no_browser_would_call_a_site_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="expected its address without a path"):
        origin(name)


def test_no_answered_correction_is_lost_by_a_kill_among_two_hundred(tmp_path: Path) -> None:
    one, answered, enough = Served("--keep", str(tmp_path / "keep")), dict[int, str](), threading.Event()

    def client(first: int) -> None:
        with httpx.Client(base_url=one.url, timeout=10) as connection, contextlib.suppress(httpx.HTTPError):
            for i in range(first, 10_000, 4):  # until the server is gone
                body = {"correction": str(i % 10), "reading": "7", "drawing": DRAWING}
                answered[connection.post("/v1/corrections", json=body).json()["id"]] = str(i % 10)
                if len(answered) >= 200:
                    enough.set()

    with ThreadPoolExecutor(4) as clients:
        done = [clients.submit(client, first) for first in range(4)]
        came = enough.wait(60)
        one.stop(signal.SIGKILL)
    assert came and [each.result() for each in done] == [None] * 4
    assert len(answered) >= 200
    there = {number: correction.correction for number, correction in kept(tmp_path / "keep" / FILE)}
    assert {number: there.get(number) for number in answered} == answered
    assert len(there) <= len(answered) + 4  # those that were on their way


def test_corrections_are_exported_as_a_data_set(tmp_path: Path) -> None:
    keeping = Corrections(tmp_path / "keep")
    for i in range(20):
        keeping.keep(Correction(SEVEN, None, "7", str(i % 10), "unsure", 0.5, "digit", "1"))
    keeping.keep(Correction(SEVEN, None, "7", "42", "unsure", 0.5, "line", "1"))
    keeping.close()
    assert export(tmp_path / "keep", tmp_path / "out") == {"digits": 20, "numbers": 1}
    assert {folder.name for folder in (tmp_path / "out").iterdir()} == {*"0123456789", "numbers"}
    with pytest.raises(OutputError, match="is not empty"):
        export(tmp_path / "keep", tmp_path / "out")
    with pytest.raises(OutputError, match="no corrections there"):
        export(tmp_path, tmp_path / "other")


def test_corrections_in_a_damaged_or_foreign_file_are_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("create table corrections (id integer primary key, colour text)")
    with pytest.raises(DataError, match="cannot be read .no such column"):
        export(tmp_path, tmp_path / "out")
    (tmp_path / FILE).write_bytes(b"SQLite format 3\0" + bytes(range(200)) * 20)
    with pytest.raises(DataError, match="take a copy of it that is whole"):
        export(tmp_path, tmp_path / "out")


def test_a_disk_that_is_full_is_told_and_the_server_goes_on(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    with TestClient(create_app(Reader(threads=1), Settings(keep=tmp_path))) as client:
        full = Corrections(tmp_path)
        full._file.execute("drop table corrections")
        full.close()
        answer = client.post("/v1/corrections", json={"correction": "7", "drawing": DRAWING})
        assert answer.status_code == 503 and "was not kept" in answer.json()["detail"]
        assert client.post("/v1/read?as=digit", content=SEVEN).status_code == 200


@pytest.mark.parametrize("command", [["sh", "read.sh"], [sys.executable, "read.py"], ["node", "read.js"]], ids=str)
def test_the_clients_in_the_examples_read(served: Served, command: list[str]) -> None:
    program, script = command
    if shutil.which(program) is None or (program == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{program} or curl is not installed")
    client = str(ROOT / "examples" / "clients" / script)
    done = subprocess.run(
        [program, client, served.url, str(ROOT / "examples" / "seven.png")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "7" in done.stdout and "read" in done.stdout
