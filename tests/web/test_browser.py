"""The page in a browser: what is drawn with mouse and finger is read; photos, corrections, both languages, both widths.

Debian's chromium is used, `apt-get install chromium`; screenshots go to build/screenshots.
"""

from __future__ import annotations

import base64
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
from PIL import Image

from guarismo.render import png
from guarismo.web.corrections import export
from pictures import rows_of_digits

playwright: Any = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"

SEVEN = [[(0.0, 0.0), (1.0, 0.0), (0.75, 0.35), (0.4, 1.0)]]
FOUR = [[(0.55, 0.0), (0.0, 0.6), (0.95, 0.6)], [(0.62, 0.3), (0.6, 1.0)]]
FIVE = [[(0.2, 0.0), (0.15, 0.45), (0.6, 0.42), (0.85, 0.7), (0.55, 1.0), (0.05, 0.92)], [(0.2, 0.0), (0.9, 0.0)]]


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps corrections."""
    return tmp_path_factory.mktemp("served") / "keep"


@pytest.fixture(scope="module")
def address(keep: Path) -> Iterator[str]:
    """Of a server in a process of its own, as people start it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "guarismo", "serve", "--port", str(port), "--keep", str(keep), "--lang", "en"]
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}) as server:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/"
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) in (0, -signal.SIGTERM)


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    SHOTS.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """Opens the page with some settings; at the end nothing may have gone wrong in it, or been asked of another host."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(width: int = 1280, language: str = "en-GB", **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=language, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda asked: wrong.append(asked.url) if not asked.url.startswith((address, "blob:", "data:")) else None,
        )
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def draw(page: Any, strokes: list[list[tuple[float, float]]], left: float, top: float, size: float) -> None:
    """With the mouse; left, top and size in shares of the paper's width and height."""
    box = page.locator("#paper").bounding_box()
    high = size * box["height"]
    for stroke in strokes:
        points = [
            (box["x"] + left * box["width"] + 0.6 * high * x, box["y"] + top * box["height"] + high * y)
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()


def reading(page: Any, expected: str) -> None:
    playwright.expect(page.locator("#reading")).to_have_text(expected)


def test_a_drawn_seven_is_read_and_shown_why(opened: Any) -> None:
    page = opened()
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    reading(page, "7")
    playwright.expect(page.locator("#status")).to_contain_text("read")
    assert page.locator("#bars li").count() == 10
    playwright.expect(page.locator("#bars li.best")).to_contain_text("7")
    assert page.locator("#ink").evaluate("picture => picture.naturalWidth") == 28
    page.screenshot(path=SHOTS / "draw-1280.png")
    page.click("#undo")
    playwright.expect(page.locator("#advice")).to_contain_text("Write on the paper")
    page.click("#redo")
    reading(page, "7")
    page.click("#eraser")
    draw(page, [[(0.5, -0.3), (0.5, 0.3)]], 0.3, 0.2, 0.6)
    playwright.expect(page.locator("#advice")).to_contain_text("Write on the paper")


def test_a_finger_draws_and_the_page_does_not_scroll(opened: Any) -> None:
    page = opened(width=360, has_touch=True, is_mobile=True)
    box = page.locator("#paper").bounding_box()
    fingers = page.context.new_cdp_session(page)
    points = [(box["x"] + 80 + 140 * x, box["y"] + 50 + 180 * y) for x, y in SEVEN[0]]
    for kind, at in (("touchStart", points[:1]), *(("touchMove", [point]) for point in points[1:]), ("touchEnd", [])):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})
    reading(page, "7")
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=SHOTS / "draw-360.png", full_page=True)


def test_a_number_of_digits_in_two_strokes(opened: Any) -> None:
    page = opened()
    page.check("input[value=number]")
    for place, digit in enumerate((FOUR, FIVE, SEVEN)):
        draw(page, digit, 0.12 + 0.25 * place, 0.25, 0.5)
    reading(page, "457")
    page.screenshot(path=SHOTS / "number-1280.png")


def drop(page: Any, data: bytes) -> None:
    """A file is dropped on the page."""
    dropped = """async (coded) => {
        const bytes = Uint8Array.from(atob(coded), (c) => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "picture", { type: "image/png" }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(dropped, base64.b64encode(data).decode())


def test_a_sheet_dropped_has_each_number_laid_over_its_place(opened: Any) -> None:
    page = opened()
    page.click("#tab-photo")
    drop(page, png(Image.fromarray(rows_of_digits())))
    playwright.expect(page.locator("#picture button")).to_have_count(9)
    page.locator("#picture button").nth(4).click()
    playwright.expect(page.locator("#cut")).to_be_visible()
    page.screenshot(path=SHOTS / "sheet-1280.png")


def test_a_photo_dropped_is_read_and_a_click_shows_its_piece(opened: Any) -> None:
    page = opened()
    page.click("#tab-photo")
    drop(page, (ROOT / "examples" / "two-in-the-shade.jpg").read_bytes())
    playwright.expect(page.locator("#photo-reading")).to_have_text("2")
    page.locator("#picture button").first.click()
    playwright.expect(page.locator("#cut")).to_be_visible()
    page.screenshot(path=SHOTS / "photo-1280.png")


def test_a_correction_takes_one_key_is_kept_and_exported(opened: Any, keep: Path, tmp_path: Path) -> None:
    page = opened(accept_downloads=True)
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    reading(page, "7")
    page.keyboard.press("1")
    reading(page, "1")
    playwright.expect(page.locator("#kept")).to_contain_text("Kept on the server")
    page.click("#tab-history")
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["text"], row["correction"]) for row in rows] == [("7", "1")]
    page.screenshot(path=SHOTS / "history-1280.png")
    assert export(keep, tmp_path / "exported") == {"digits": 1, "numbers": 0}
    assert len(list((tmp_path / "exported" / "1").glob("*.png"))) == 1


def test_a_photo_between_takes_nothing_from_a_drawing(opened: Any) -> None:
    page = opened()
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    reading(page, "7")
    drop(page, (ROOT / "examples" / "two-in-the-shade.jpg").read_bytes())
    playwright.expect(page.locator("#photo-status")).to_contain_text("read")
    page.click("#language")
    playwright.expect(page.locator("#photo-status")).to_contain_text("leído")
    playwright.expect(page.locator("#picture button")).to_have_attribute("aria-label", re.compile("^2: leído"))
    page.click("#tab-draw")
    page.keyboard.press("1")
    reading(page, "1")
    page.click("#tab-history")
    cells = page.locator("#rows tr").evaluate_all(
        "rows => rows.map((row) => [1, 4].map((i) => row.cells[i].textContent))"
    )
    assert cells == [["2", ""], ["7", "1"]]


def test_a_long_history_stays_within_a_narrow_page(opened: Any) -> None:
    page = opened(width=320, language="es-ES")
    drop(page, png(Image.fromarray(rows_of_digits())))
    playwright.expect(page.locator("#picture button")).to_have_count(9)
    page.click("#tab-history")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.screenshot(path=SHOTS / "history-es-320.png")


def test_where_nothing_is_read_nothing_old_is_shown(opened: Any) -> None:
    page = opened()
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    playwright.expect(page.locator("#seen")).to_be_visible()
    page.route("**/v1/strokes*", lambda route: route.fulfill(status=200, body="{}"))
    draw(page, [[(0.1, 0.1), (0.2, 0.9)]], 0.6, 0.2, 0.6)
    reading(page, "–")
    playwright.expect(page.locator("#seen")).to_be_hidden()
    playwright.expect(page.locator("#bars")).to_be_hidden()


def test_both_languages_and_both_lights(opened: Any) -> None:
    page = opened(width=360, language="es-AR", color_scheme="dark")
    playwright.expect(page.locator("#tab-draw")).to_have_text("Dibujar")
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    playwright.expect(page.locator("#status")).to_contain_text("leído")
    page.screenshot(path=SHOTS / "dark-es-360.png", full_page=True)
    page.click("#language")
    playwright.expect(page.locator("#tab-draw")).to_have_text("Draw")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(opened: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(color_scheme=scheme, bypass_csp=True)  # axe is put into the page by the test
    draw(page, SEVEN, 0.3, 0.2, 0.6)
    reading(page, "7")
    for tab in ("draw", "photo", "history"):
        page.click(f"#tab-{tab}")
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_is_enough_for_all_but_drawing(opened: Any) -> None:
    page = opened()
    page.locator("#tab-draw").focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(page.locator("#photo")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "tab-photo"
