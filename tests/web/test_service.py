"""The HTTP service as it is asked by programs: answers, refusals, bounds."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi")

from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from guarismo import Digit, Page, Reader
from guarismo.errors import OutputError
from guarismo.types import Box, Gray
from guarismo.web.app import FEW, SMALL, _pixels, create_app
from guarismo.web.guard import Guard, Settings
from guarismo.web.metrics import Metrics
from guarismo.web.problems import Problem
from guarismo.web.work import Work

EXAMPLES = Path(__file__).parents[2] / "examples"
SEVEN = (EXAMPLES / "seven.png").read_bytes()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def client(reader: Reader) -> Iterator[TestClient]:
    with TestClient(create_app(reader, Settings()), raise_server_exceptions=False) as client:
        yield client


def small(client: Any, reader: Reader, **settings: Any) -> TestClient:
    return TestClient(create_app(reader, Settings(**settings)), raise_server_exceptions=False)


def png(gray: Gray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, "PNG")
    return buffer.getvalue()


def problem(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and body["title"]
    assert "\n" not in body["detail"]
    return str(body["detail"])


@pytest.mark.parametrize("way", ["body", "form", "json", "data url"])
def test_a_picture_may_come_in_each_way(client: TestClient, reader: Reader, way: str) -> None:
    encoded = base64.b64encode(SEVEN).decode()
    given: dict[str, dict[str, Any]] = {
        "body": {"content": SEVEN},
        "form": {"files": {"file": ("seven.png", SEVEN)}},
        "json": {"json": {"picture": encoded}},
        "data url": {"json": {"picture": "data:image/png;base64," + encoded}},
    }
    answer = client.post("/v1/read?as=digit", **given[way])
    assert answer.status_code == 200, answer.text
    page = Page.from_dict(answer.json())
    expected = reader.digit(SEVEN)
    assert (page.numbers[0].text, page.numbers[0].status) == ("7", "read")
    assert page.numbers[0].confidence == pytest.approx(expected.confidence, abs=1e-4)
    assert page.numbers[0].box == expected.box


def test_an_explanation_has_the_ink_and_ten_shares(client: TestClient) -> None:
    why = client.post("/v1/read?as=digit&explain=true", content=SEVEN).json()["explanation"]
    ink = Image.open(io.BytesIO(base64.b64decode(why["ink"].partition(",")[2])))
    assert ink.size == (28, 28)
    assert sum(why["probabilities"]) == pytest.approx(1) and np.argmax(why["probabilities"]) == 7


def test_strokes_are_read_as_they_were_drawn(client: TestClient) -> None:
    strokes = [[[10, 10], [60, 10], [30, 90]], [[25, 50], [55, 50]]]
    answer = client.post("/v1/strokes?as=digit", json={"strokes": strokes, "width": 8}).json()
    assert answer["numbers"][0]["text"] == "7"
    place, box = answer["drawing"], answer["numbers"][0]["box"]
    left, top = (
        box[edge] / place["scale"] + corner for edge, corner in zip(("left", "top"), place["corner"], strict=True)
    )
    assert abs(left - 6) < 3 and abs(top - 6) < 3


@pytest.mark.parametrize("strokes", [[], [[]], [[[5, 5]]]])
def test_hardly_any_strokes_are_no_error(client: TestClient, strokes: Any) -> None:
    answer = client.post("/v1/strokes?as=digit", json={"strokes": strokes, "width": 3})
    assert answer.status_code == 200
    assert answer.json()["numbers"][0]["status"] in ("blank", "not_a_digit", "unsure", "read")


@pytest.mark.parametrize("strokes", [[[[1e9, 0]]], [[["a", 0]]], [[[1, 2, 3]]], [[[0, 0]] * 60_000]])
def test_strokes_that_cannot_be_are_refused(client: TestClient, strokes: Any) -> None:
    problem(client.post("/v1/strokes", json={"strokes": strokes, "width": 3}), 422)


def test_many_digits_come_back_in_their_order(client: TestClient) -> None:
    names = ["one-with-a-flag.png", "blank-paper.png", "seven.png"]
    pictures = [base64.b64encode((EXAMPLES / name).read_bytes()).decode() for name in names]
    pages = client.post("/v1/digits", json={"pictures": pictures}).json()["pages"]
    assert [page["numbers"][0]["text"] for page in pages] == ["1", "", "7"]


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"content": b""}, 422, "an empty request"),
        ({"content": b"no picture at all"}, 415, "not a picture"),
        (
            {"content": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90000 90000\n%%EndComments\n"},
            415,
            "not a picture",
        ),
        ({"content": SEVEN[: len(SEVEN) // 2]}, 415, "the picture"),
        ({"files": {"other": ("a.png", SEVEN)}}, 422, "field 'file'"),
        ({"json": {"picture": "%%%"}}, 422, "no base64"),
        ({"json": {"image": "x"}}, 422, "JSON without a picture"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "JSON without a picture"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=a"}}, 0, ""),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(
    client: TestClient, given: dict[str, Any], status: int, told: str
) -> None:
    answer = client.post("/v1/read", **given)
    assert 400 <= answer.status_code < 500
    if status:
        assert told in problem(answer, status)


def test_wrong_questions_are_refused(client: TestClient) -> None:
    assert "pattern" in problem(client.post("/v1/read?as=number&pattern=(", content=SEVEN), 422)
    assert "are for numbers" in problem(client.post("/v1/read?as=digit&digits=3", content=SEVEN), 422)
    problem(client.post("/v1/read?as=letter", content=SEVEN), 422)
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/v1/read"), 405)


def test_too_many_bytes_or_pixels_are_refused(client: TestClient, reader: Reader) -> None:
    bounded = small(client, reader, bytes=5_000, pixels=10_000)
    assert "5,000 bytes" in problem(bounded.post("/v1/read", content=b"x" * 30_000), 413)
    assert "5,000 bytes" in problem(bounded.post("/v1/read", content=iter([b"x" * 9_000] * 9)), 413)  # no length given
    assert "pixels" in problem(bounded.post("/v1/read", content=png(np.zeros((300, 300), np.uint8))), 413)
    assert bounded.post("/v1/read?as=digit", content=png(np.full((28, 28), 255, np.uint8))).status_code == 200


def test_a_key_is_asked_for_and_the_page_is_open(client: TestClient, reader: Reader) -> None:
    locked = small(client, reader, api_key="geheim")
    assert "X-API-Key" in problem(locked.post("/v1/read", content=SEVEN), 401)
    problem(locked.post("/v1/read", content=SEVEN, headers={"X-API-Key": "falsch"}), 401)
    problem(locked.get("/metrics"), 401)
    for headers in ({"X-API-Key": "geheim"}, {"Authorization": "Bearer geheim"}):
        assert locked.post("/v1/read?as=digit", content=SEVEN, headers=headers).status_code == 200
    assert locked.get("/").status_code == locked.get("/healthz").status_code == 200


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_key_may_have_letters_beyond_ascii(client: TestClient, reader: Reader, encoding: str) -> None:
    locked = small(client, reader, api_key="contraseña")
    given = "contraseña".encode(encoding)
    for headers in ({b"X-API-Key": given}, {b"Authorization": b"bearer " + given}):
        assert locked.get("/v1/settings", headers=headers).status_code == 200
    for wrong in ("contrase", "contrasea", "contraseñ"):
        problem(locked.get("/v1/settings", headers={b"X-API-Key": wrong.encode(encoding)}), 401)


def test_other_sites_may_not_ask_unless_they_are_named(client: TestClient, reader: Reader) -> None:
    asked = {"Origin": "https://example.org"}
    assert "access-control-allow-origin" not in client.get("/healthz", headers=asked).headers
    opened = small(client, reader, cors=("https://example.org",))
    assert opened.get("/healthz", headers=asked).headers["access-control-allow-origin"] == "https://example.org"


def test_pages_of_an_opened_site_may_send_a_key_and_read_refusals(client: TestClient, reader: Reader) -> None:
    opened = small(client, reader, cors=("https://example.org",), api_key="secret")
    asked = {"Origin": "https://example.org"}
    before = {**asked, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    assert opened.options("/v1/read", headers=before).status_code == 200
    refused = opened.post("/v1/read", headers=asked, content=b"x")
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://example.org")


def test_every_answer_has_its_security_headers(client: TestClient) -> None:
    for path in ("/", "/static/app.js", "/healthz", "/v1/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_names_no_other_host() -> None:
    from guarismo.web import app

    for file in app.STATIC.iterdir():
        text = file.read_text()
        assert "https://" not in text, file.name
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", ""), file.name


def test_the_open_inference_protocol(client: TestClient) -> None:
    assert client.get("/v2/health/live").json()["live"] and client.get("/v2/health/ready").json()["ready"]
    assert client.get("/v2").json()["name"] == "guarismo"
    told = client.get("/v2/models/digit").json()
    assert told["inputs"] == [{"name": "ink", "datatype": "FP32", "shape": [-1, 28, 28]}]
    tensor = {"name": "ink", "shape": [2, 28, 28], "datatype": "FP32", "data": [0.0] * 2 * 784}
    answer = client.post("/v2/models/digit/infer", json={"id": "a", "inputs": [tensor]}).json()
    assert (answer["id"], answer["outputs"][0]["shape"]) == ("a", [2, 11])
    assert len(answer["outputs"][0]["data"]) == 22
    problem(client.get("/v2/models/letters"), 404)
    for wrong in (
        {"shape": [2, 27, 28]},
        {"data": [0.0] * 5},
        {"data": [2.0] * 1568},
        {"datatype": "INT8"},
        {"name": "x"},
    ):
        problem(client.post("/v2/models/digit/infer", json={"inputs": [tensor | wrong]}), 422)


def test_prometheus_is_told_what_was_read_and_refused(reader: Reader) -> None:
    with TestClient(create_app(reader, Settings()), raise_server_exceptions=False) as client:
        client.post("/v1/read?as=digit", content=SEVEN)
        client.post("/v1/read?as=digit", content=b"no picture")
        told = client.get("/metrics").text
    assert 'guarismo_readings_total{status="read"} 1.0' in told
    assert 'guarismo_requests_total{route="/v1/read",status="415"} 1.0' in told
    assert 'guarismo_refused_total{status="415"} 1.0' in told


def test_corrections_are_not_kept_unless_asked(client: TestClient) -> None:
    assert client.get("/v1/settings").json()["keeps_corrections"] is False
    assert "--keep" in problem(client.post("/v1/corrections", json={"correction": "7"}), 404)


# ---- bounds


class Noting:
    """A reader that notes how many it was given at once."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def begun(self, grays: list[Gray]) -> Callable[[], list[Digit]]:
        self.batches.append(len(grays))
        digit = Digit(len(self.batches), "read", 0.9, (0.1,) * 10, Box(0, 0, 1, 1))
        return lambda: [digit for _ in grays]


def test_digits_that_arrive_together_are_read_together() -> None:
    noting, gray = Noting(), np.zeros((1, 1), np.uint8)
    work: Any = Work(noting, threads=1, waiting=10)  # type: ignore[arg-type]

    async def ask() -> list[tuple[Any, Digit]]:
        first = await work.digit(lambda: gray)
        return [first, *await asyncio.gather(*(work.digit(lambda: gray) for _ in range(4)))]

    assert [digit.value for _gray, digit in asyncio.run(ask())] == [1, 2, 2, 2, 2]
    assert noting.batches == [1, 4]


def test_a_picture_that_cannot_be_opened_costs_the_others_in_its_batch_nothing() -> None:
    gray = np.zeros((1, 1), np.uint8)
    work: Any = Work(Noting(), threads=1)  # type: ignore[arg-type]

    def broken() -> Any:
        raise Problem(415, "no picture")

    async def ask() -> list[Any]:
        asked = [work.digit(load) for load in (lambda: gray, broken, lambda: gray)]
        return await asyncio.gather(*asked, return_exceptions=True)

    one, refused, other = asyncio.run(ask())
    assert (one[1].value, other[1].value) == (1, 1)
    assert isinstance(refused, Problem) and refused.status == 415


def test_the_ink_of_one_batch_is_found_while_the_network_reads_another() -> None:
    found, gray = threading.Event(), np.zeros((1, 1), np.uint8)

    class Overlapping(Noting):
        def begun(self, grays: list[Gray]) -> Callable[[], list[Digit]]:
            read = super().begun(grays)
            if len(self.batches) == 2:
                found.set()
                return read
            return lambda: read() if found.wait(5) else []

    work: Any = Work(Overlapping(), threads=1, waiting=10)  # type: ignore[arg-type]

    async def ask() -> list[tuple[Any, Digit]]:
        return list(await asyncio.gather(*(work.digit(lambda: gray) for _ in range(8))))

    assert [digit.value for _gray, digit in asyncio.run(ask())] == [1] * 4 + [2] * 4
    work.close()


def test_a_picture_on_which_the_network_fails_costs_the_others_in_its_batch_nothing() -> None:
    good, bad = np.zeros((1, 1), np.uint8), np.ones((1, 1), np.uint8)

    class Failing(Noting):
        def begun(self, grays: list[Gray]) -> Callable[[], list[Digit]]:
            read = super().begun(grays)
            return (lambda: read()[1:]) if any(gray.any() for gray in grays) else read  # fewer than asked for

    work: Any = Work(Failing(), threads=1, waiting=10)  # type: ignore[arg-type]

    async def ask() -> list[Any]:
        asked = [work.digit(lambda gray=gray: gray) for gray in (good, bad, good, good, good)]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    found = asyncio.run(ask())
    assert [isinstance(one, ValueError) for one in found] == [False, True, False, False, False]
    work.close()


def test_pages_do_not_keep_digits_waiting() -> None:
    go, gray = threading.Event(), np.zeros((1, 1), np.uint8)
    work: Any = Work(Noting(), threads=1, waiting=10)  # type: ignore[arg-type]

    async def ask() -> None:
        page = asyncio.create_task(work.run(lambda: go.wait(10)))
        await asyncio.sleep(0.01)
        _gray, digit = await asyncio.wait_for(work.digit(lambda: gray), 5)
        assert digit.value == 1 and not page.done()
        go.set()
        assert await page

    asyncio.run(ask())
    work.close()


def test_whoever_comes_while_the_last_batch_is_read_is_read_too() -> None:
    go, gray = threading.Event(), np.zeros((1, 1), np.uint8)

    class Slow(Noting):
        def begun(self, grays: list[Gray]) -> Callable[[], list[Digit]]:
            read = super().begun(grays)
            return lambda: read() if go.wait(5) else []

    work: Any = Work(Slow(), threads=1, waiting=10)  # type: ignore[arg-type]

    async def ask() -> list[Any]:
        first = asyncio.create_task(work.digit(lambda: gray))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(work.digit(lambda: gray))
        await asyncio.sleep(0.02)
        go.set()
        return [await first, await second]

    assert [digit.value for _gray, digit in asyncio.run(asyncio.wait_for(ask(), 5))] == [1, 2]
    work.close()


def test_a_small_file_with_many_pixels_is_not_read_on_the_loop() -> None:
    def file(side: int) -> bytes:
        return cv2.imencode(".png", np.full((side, side), 255, np.uint8))[1].tobytes()

    assert len(file(1500)) < SMALL
    assert [_pixels(data) for data in (file(200), file(1500), b"no picture", b"")] == [200 * 200, 1500 * 1500, 0, 0]
    assert 200 * 200 < FEW < 1500 * 1500


def test_more_than_the_queue_holds_are_told_to_come_again() -> None:
    go, gray = threading.Event(), np.zeros((1, 1), np.uint8)
    work: Any = Work(Noting(), threads=1, waiting=2)  # type: ignore[arg-type]

    async def ask() -> None:
        inside = [asyncio.create_task(work.run(lambda: go.wait(10))) for _ in range(3)]
        await asyncio.sleep(0.05)
        for asked in (work.digit(lambda: gray), work.run(lambda: None)):
            with pytest.raises(Problem) as refused:
                await asked
            assert refused.value.status == 429 and refused.value.headers["Retry-After"]
        go.set()
        assert [await one for one in inside] == [True] * 3
        assert work.inside == 0

    asyncio.run(ask())


def test_where_there_is_no_place_nothing_is_taken_in() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("taken in")(scope, receive, send)

    full, metrics = Problem(429, "come again", {"Retry-After": "1"}), Metrics(lambda: 0)
    client = TestClient(Guard(app, Settings(), metrics, lambda: full))
    for path in ("/v1/read?as=digit", "/v1/strokes", "/v1/digits", "/v2/models/digit/infer"):
        refused = client.post(path, content=b"x" * 1000)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["detail"] == "come again" and refused.headers["X-Content-Type-Options"] == "nosniff"
    assert [client.get(path).text for path in ("/healthz", "/", "/metrics", "/v1/read")] == ["taken in"] * 4
    assert client.post("/v1/corrections").text == "taken in"
    assert b'guarismo_requests_total{route="/v1/read",status="429"} 1.0' in metrics.text()


def test_who_waits_too_long_is_told() -> None:
    go = threading.Event()
    work: Any = Work(Noting(), threads=1, seconds=0.05)  # type: ignore[arg-type]

    async def ask() -> None:
        with pytest.raises(Problem) as refused:
            await work.run(lambda: go.wait(10))
        assert refused.value.status == 503
        go.set()

    asyncio.run(ask())


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_served(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="corrections cannot be kept there"):
        create_app(reader, Settings(keep=tmp_path / "file"))


def test_many_pictures_have_one_limit_together(client: TestClient, reader: Reader) -> None:
    large = base64.b64encode(png(np.full((900, 900), 255, np.uint8))).decode()
    with small(client, reader, pixels=1_000_000) as little:
        assert little.post("/v1/digits", json={"pictures": [large]}).status_code == 200
        assert "together" in problem(little.post("/v1/digits", json={"pictures": [large] * 2}), 413)


@pytest.mark.parametrize("path", ["/v1/read", "/v1/strokes", "/v1/digits", "/v1/corrections"])
def test_a_body_whose_length_is_not_said_is_bounded_too(client: TestClient, reader: Reader, path: str) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    with small(client, reader, bytes=250_000) as little:
        assert "bytes" in problem(little.post(path, content=parts()), 413)
        assert little.post("/v1/read?as=digit", content=iter([SEVEN[:500], SEVEN[500:]])).json()["numbers"]


def test_what_breaks_is_a_problem_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a mistake")

    client = TestClient(Guard(app, Settings(), Metrics(lambda: 0), lambda: None))
    answer = client.get("/v1/settings")
    problem(answer, 500)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_strokes_of_many_points_are_drawn_off_the_loop(client: TestClient) -> None:
    ring = [[100 + 80 * np.cos(a), 100 + 80 * np.sin(a)] for a in np.linspace(0, 2 * np.pi, 5000)]
    found = client.post("/v1/strokes?as=digit", json={"strokes": [ring], "width": 12}).json()
    assert found["numbers"][0]["text"] == "0" and found["drawing"]["scale"] > 0


@pytest.mark.parametrize("width", [0, 1e-308, 1e-20])
def test_a_pen_without_width_is_refused(client: TestClient, width: float) -> None:
    problem(client.post("/v1/strokes", json={"strokes": [[[10, 10]]], "width": width}), 422)


def test_a_pdf_is_told_what_can_be_sent_instead(client: TestClient) -> None:
    assert "PDF" in problem(client.post("/v1/read?as=page", content=b"%PDF-1.7 ..."), 415)


def test_what_is_wrong_with_a_picture_is_said_in_the_language_that_is_asked_for(client: TestClient) -> None:
    cut = SEVEN[: len(SEVEN) // 2]
    assert "damaged or cut short" in problem(client.post("/v1/read", content=cut), 415)
    assert "damaged or cut short" in problem(
        client.post("/v1/read", headers={"accept-language": "de"}, content=cut), 415
    )
    spanish = {"accept-language": "es-AR,es;q=0.9,en;q=0.8"}
    assert "dañada" in problem(client.post("/v1/read", headers=spanish, content=cut), 415)
    assert "es un PDF" in problem(client.post("/v1/read", headers=spanish, content=b"%PDF-1.7"), 415)


def test_a_head_is_answered_and_what_is_not_asked_for_refused(client: TestClient) -> None:
    assert [client.head(path).status_code for path in ("/", "/healthz")] == [200, 200]
    assert "allowed" in problem(client.post("/v1/read?as=number&allowed=42", content=SEVEN), 422)
