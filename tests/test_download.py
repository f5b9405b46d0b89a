from __future__ import annotations

import gzip
import hashlib
import http.server
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guarismo import download, mnist
from guarismo.errors import DatasetError, OutputError

WAYS = ("guarismo data fetch mnist --from FOLDER", "--data digits8x8")
FIRST = "train-images-idx3-ubyte.gz"


class Mirror(http.server.BaseHTTPRequestHandler):
    """Serves ``/<way>/<file>``, where the way is how it treats the caller."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        asked_range = self.headers.get("Range")
        self.asked.append((self.path, asked_range))
        way, name = self.path.split("/")[-2:]
        data = self.files[name]
        if way == "gone":
            self.send_error(404)
            return
        if way == "login":
            self.answer(b"<html>Please sign in</html>", kind="text/html")
            return
        start = int(asked_range.removeprefix("bytes=").removesuffix("-")) if asked_range and way != "whole" else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.answer(data, start, stop=len(data) if way in ("good", "whole") else start + len(data) // 3)

    def answer(self, data: bytes, start: int = 0, stop: int | None = None, kind: str = "application/gzip") -> None:
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data[start:stop])
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four small files, published as if they were MNIST."""
    plain = {
        name: bytes([index]) * 50 + np.random.default_rng(index).bytes(3000)
        for index, name in enumerate(mnist.MNIST_FILES)
    }
    packed = {name: gzip.compress(data, mtime=0) for name, data in plain.items()}
    for name, data in plain.items():
        monkeypatch.setitem(mnist.MNIST_CONTENTS, name, hashlib.sha256(data).hexdigest())
        monkeypatch.setitem(mnist.MNIST_FILES, name, hashlib.sha256(packed[name]).hexdigest())
    return packed


@pytest.fixture
def asked() -> list[tuple[str, str | None]]:
    """What the mirror was asked for: path and range."""
    return []


@pytest.fixture
def host(
    files: dict[str, bytes], asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(variable, "127.0.0.1")
    handler = type("Handler", (Mirror,), {"files": files, "asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_four_files_arrive_and_nothing_else(tmp_path: Path, files: dict[str, bytes], host: str) -> None:
    seen: list[tuple[str, int, int | None]] = []
    target = tmp_path / "new" / "mnist"
    folder = download.fetch_mnist(target, mirrors=[f"{host}good"], progress=lambda *step: seen.append(step))
    assert folder == target
    assert contents(target) == files
    assert download.verify_mnist(target) == [(name, "ok") for name in files]
    assert (FIRST, len(files[FIRST]), len(files[FIRST])) in seen


def test_what_is_whole_is_not_asked_for_again(
    tmp_path: Path, files: dict[str, bytes], host: str, asked: list[tuple[str, str | None]]
) -> None:
    download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    (tmp_path / FIRST).write_bytes(b"changed")
    asked.clear()
    download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert asked == [(f"/good/{FIRST}", None)]
    assert contents(tmp_path) == files


def test_a_part_is_gone_on_with(
    tmp_path: Path, files: dict[str, bytes], host: str, asked: list[tuple[str, str | None]]
) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(files[FIRST][:1000])
    download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert asked[0] == (f"/good/{FIRST}", "bytes=1000-")
    assert contents(tmp_path) == files


@pytest.mark.parametrize("way", ["good", "whole"])
def test_a_part_of_something_else_is_dropped(tmp_path: Path, files: dict[str, bytes], host: str, way: str) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(b"x" * 1000)
    download.fetch_mnist(tmp_path, mirrors=[f"{host}{way}/"])
    assert contents(tmp_path) == files


def test_a_part_that_is_too_long_is_dropped(tmp_path: Path, files: dict[str, bytes], host: str) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(files[FIRST] + b"x")
    download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert contents(tmp_path) == files


def test_a_whole_part_only_needs_its_name(
    tmp_path: Path, files: dict[str, bytes], host: str, asked: list[tuple[str, str | None]]
) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(files[FIRST])
    download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert f"/good/{FIRST}" not in [path for path, _ in asked]
    assert contents(tmp_path) == files


def test_a_cut_connection_is_resumed(
    tmp_path: Path, files: dict[str, bytes], host: str, asked: list[tuple[str, str | None]]
) -> None:
    files_before = dict(files)
    download.fetch_mnist(tmp_path, mirrors=[f"{host}cut/", f"{host}good/"])
    third = len(files[FIRST]) // 3
    assert [range_ for path, range_ in asked if path == f"/cut/{FIRST}"] == [
        None,
        f"bytes={third}-",
        f"bytes={2 * third}-",
    ]
    assert contents(tmp_path) == files_before


def test_the_next_mirror_steps_in_and_stays_first(
    tmp_path: Path, files: dict[str, bytes], host: str, asked: list[tuple[str, str | None]]
) -> None:
    mirrors = ["http://127.0.0.1:9/", "nonsense", f"{host}gone/", f"{host}login/", f"{host}good/"]
    download.fetch_mnist(tmp_path, mirrors=mirrors)
    assert contents(tmp_path) == files
    assert len([path for path, _ in asked if "/good/" not in path]) == 2


def test_when_all_mirrors_fail_each_reason_is_said(tmp_path: Path, files: dict[str, bytes], host: str) -> None:
    mirrors = [f"{host}gone/", f"{host}login/", "nonsense", "http://127.0.0.1:9/"]
    with pytest.raises(DatasetError) as caught:
        download.fetch_mnist(tmp_path, mirrors=mirrors)
    text = str(caught.value)
    assert "\n" not in text
    expected = (FIRST, "HTTP 404", "27 bytes of text/html, other SHA-256", "unknown url type", "refused", *WAYS)
    assert [part for part in expected if part not in text] == []
    assert contents(tmp_path) == {}
    with pytest.raises(DatasetError, match="none was given"):
        download.fetch_mnist(tmp_path, mirrors=[])


def test_a_server_that_never_ends_is_stopped(
    tmp_path: Path, files: dict[str, bytes], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST_FILE", 1000)
    monkeypatch.setattr(download, "_CHUNK", 512)
    with pytest.raises(DatasetError, match="bytes of application/gzip, other SHA-256"):
        download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert contents(tmp_path) == {}


def test_a_silent_server_is_given_up(tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any, **__: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(urllib.request, "urlopen", silent)
    with pytest.raises(DatasetError, match="nothing came for 30 s"):
        download.fetch_mnist(tmp_path)


def test_certificates_are_checked_whatever_the_process_default_is(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[ssl.SSLContext] = []

    def refuse(_request: Any, *, timeout: float, context: ssl.SSLContext) -> None:
        assert timeout > 0
        contexts.append(context)
        raise urllib.error.URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_unverified_context)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(DatasetError, match="SSL_CERT_FILE"):
        download.fetch_mnist(tmp_path)
    assert len(contexts) == len(download.MIRRORS)
    assert all(context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED for context in contexts)
    assert all(mirror.startswith("https://") for mirror in download.MIRRORS)


def test_proxies_come_from_the_environment(
    tmp_path: Path,
    files: dict[str, bytes],
    host: str,
    asked: list[tuple[str, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", host)
    download.fetch_mnist(tmp_path, mirrors=["http://mirror.invalid/good/"])
    assert asked[0][0] == f"http://mirror.invalid/good/{FIRST}"
    assert contents(tmp_path) == files


def test_a_target_that_is_a_file_is_an_output_error(tmp_path: Path, files: dict[str, bytes]) -> None:
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"file.*cannot be written"):
            download.fetch_mnist(target, mirrors=[])


def test_a_full_disk_is_an_output_error_and_leaves_nothing(
    tmp_path: Path, files: dict[str, bytes], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        download.fetch_mnist(tmp_path, mirrors=[f"{host}good/"])
    assert contents(tmp_path) == {}


# From a folder


@pytest.mark.parametrize("below", ["", "mnist", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_is_copied_without_the_network(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, below: str, packed: bool
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", None)
    stick = tmp_path / "stick" / below
    stick.mkdir(parents=True)
    stored = files if packed else {name[:-3]: gzip.decompress(data) for name, data in files.items()}
    for name, data in stored.items():
        (stick / name).write_bytes(data)
    target = tmp_path / "target"
    target.mkdir()
    (target / FIRST).write_bytes(b"changed")
    assert download.fetch_mnist(target, source=tmp_path / "stick") == target
    assert contents(target) == stored
    assert [state for _, state in download.verify_mnist(target)] == ["ok"] * 4
    assert download.fetch_mnist(target, source=tmp_path / "none") == target  # nothing left to copy


def test_an_incomplete_folder_is_refused_before_copying(tmp_path: Path, files: dict[str, bytes]) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / FIRST).write_bytes(files[FIRST])
    with pytest.raises(DatasetError, match=r"stick: lacks train-labels-idx1-ubyte\.gz, t10k"):
        download.fetch_mnist(tmp_path / "target", source=stick)
    assert contents(tmp_path / "target") == {}


def test_a_changed_file_is_not_copied(tmp_path: Path, files: dict[str, bytes]) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, data in files.items():
        (stick / name).write_bytes(data[:-1] if name == FIRST else data)
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz: not the published file"):
        download.fetch_mnist(tmp_path / "target", source=stick)
    assert contents(tmp_path / "target") == {}


# Verifying


def test_each_file_has_a_state(tmp_path: Path, files: dict[str, bytes]) -> None:
    names = list(files)
    (tmp_path / names[0]).write_bytes(files[names[0]])
    (tmp_path / names[1]).write_bytes(files[names[1]][:-1])
    (tmp_path / names[2].removesuffix(".gz")).write_bytes(gzip.decompress(files[names[2]]))
    states = ["ok", "changed", "ok", "missing"]
    assert download.verify_mnist(tmp_path) == list(zip(names, states, strict=True))


def test_keras_own_file_is_verified_by_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), np.zeros((2, 3), np.uint8))
    path = tmp_path / "mnist.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    for name in (FIRST, "train-labels-idx1-ubyte.gz"):
        monkeypatch.setitem(mnist.MNIST_CONTENTS, name, mnist.content_sha256(arrays["x_train"]))
    assert [state for _, state in download.verify_mnist(path)] == ["ok", "ok", "changed", "changed"]
    for odd in (np.array([["a"]]), arrays["x_train"].astype(np.int64)):
        np.savez(path, **dict.fromkeys(arrays, odd))  # type: ignore[arg-type]
        assert {state for _, state in download.verify_mnist(path)} == {"changed"}
    with pytest.raises(DatasetError, match="no such folder"):
        download.verify_mnist(tmp_path / "mnits")
    path.write_bytes(b"PK")
    with pytest.raises(DatasetError):
        download.verify_mnist(path)


@pytest.mark.data
def test_the_real_files_are_the_published_ones(real_data: Path) -> None:
    assert download.place_of(real_data) == real_data / "mnist"
    assert download.place_of(real_data / "optdigits") == real_data / "optdigits"
    assert [state for _, state in download.verify_mnist(real_data / "mnist")] == ["ok"] * 4
    assert mnist.MNIST_FILES[FIRST].startswith("440fcabf")
