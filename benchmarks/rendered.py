"""Rendered sheets with handwritten numbers, and pictures without any, the same for a seed: for ``sheets.py``.

The digits are by writers that training holds out; sheets are lists, rows of boxes and tables, on plain or ruled paper,
with printed words beside the numbers, scanned a little askew or photographed on a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.train import augment, fonts, lines, nondigits, nonlines, pens, texts
from guarismo.train.writers import Writer, Writers
from guarismo.types import Gray

Rng = np.random.Generator
Picture = NDArray[np.uint8]
"""uint8 (H, W, 3), red, green, blue."""

PAGE = (1754, 1240)
"""Height and width of a sheet of A4 at 150 dots to the inch."""

PENS = ((20, 20, 25), (25, 45, 150), (40, 70, 190), (185, 30, 40), (90, 90, 95))
"""Black, two blues, red, pencil."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A number as written, and the corners float32 (4, 2) around it on the picture."""

    text: str
    corners: NDArray[np.float32]
    empty: bool = False


@dataclass
class Sheet:
    """A clean sheet while it is written on: float32 (H, W, 3), 0 ... 1."""

    paper: NDArray[np.float32]
    wanted: list[Wanted] = field(default_factory=list)

    @classmethod
    def blank(cls, rng: Rng) -> Sheet:
        tint = np.array([1, rng.uniform(0.97, 1), rng.uniform(0.9, 1)], np.float32)
        return cls(np.ones((*PAGE, 3), np.float32) * tint)

    def ink(self, gray: Gray, left: int, top: int, colour: tuple[int, int, int]) -> None:
        """Lay ink, dark on white 255, with its corner at (left, top); what reaches over the edge is cut off."""
        rows, columns = max(0, min(len(gray), PAGE[0] - top)), max(0, min(gray.shape[1], PAGE[1] - left))
        under = self.paper[max(0, top) : top + rows, max(0, left) : left + columns]
        piece = gray[max(0, -top) : rows, max(0, -left) : columns]
        share = (1 - piece.astype(np.float32) / 255)[..., None]
        under *= 1 - share
        under += share * (np.array(colour, np.float32) / 255)

    def write(self, text: str, gray: Gray, left: int, top: int, colour: tuple[int, int, int]) -> None:
        """The same, of a number that is wanted back."""
        self.ink(gray, left, top, colour)
        self.wanted.append(Wanted(text, _corners(left, top, gray)))

    def rule(self, first: tuple[int, int], last: tuple[int, int], colour: tuple[float, float, float], t: int) -> None:
        cv2.line(self.paper, first, last, colour, t, cv2.LINE_AA)


def _corners(left: int, top: int, gray: Gray) -> NDArray[np.float32]:
    right, bottom = left + gray.shape[1], top + gray.shape[0]
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer with one pen, and the height of his digits in pixels; with ``signs`` of currencies, and dashes."""

    writer: Writer
    colour: tuple[int, int, int]
    height: float
    signs: bool = False

    def write(self, text: str, rng: Rng, most: tuple[float, float] | None = None) -> Gray:
        """Ink on white, its digits about ``height`` high, no larger than ``most`` (height, width)."""
        clean = lines.write_line(text, self.writer, rng) if self.signs else plain_line(text, self.writer, rng)
        clean = _inked(clean)
        rows, columns = (np.flatnonzero((clean < INKED).any(axis)) for axis in (1, 0))
        clean = clean[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else clean
        scale = self.height / lines.SIZE
        if most is not None:
            scale = min(scale, most[0] / clean.shape[0], most[1] / clean.shape[1])
        size = (max(2, round(clean.shape[1] * scale)), max(2, round(clean.shape[0] * scale)))
        return np.asarray(cv2.resize(clean, size, interpolation=cv2.INTER_AREA), np.uint8)


LEAST_INK = 0.6
"""Darkness of the pen's strongest ink on white paper."""

INKED = 215
"""What is darker is the number's own ink, down to where a dry pen hardly marks: a number is cut out by it."""


def _inked(clean: Gray) -> Gray:
    """The same with ink that is dark enough."""
    depth = (255 - int(clean.min())) / 255
    return np.asarray(255 - np.rint((255 - clean) * (max(depth, LEAST_INK) / max(depth, 0.1))), np.uint8)


def plain_line(text: str, writer: Writer, rng: Rng) -> Gray:
    """``lines.write_line`` without what cheques have besides: signs of currencies, dashes that fill, underlines."""
    placed = lines._laid(lines._glyphs(text, writer, rng), lines.Habits.random(rng), writer.pen.width, rng)
    strokes = [stroke for one in placed for stroke in one.strokes()]
    pictures = [one for one in placed if one.glyph.bitmap is not None]
    if pictures:
        return lines._pressed(lines._pasted(pictures, strokes, writer.pen, rng), float(rng.normal(0.06, 0.13)), rng)
    return pens.draw(strokes, lines.SIZE, writer.pen, rng)


def _hand(sources: Writers, rng: Rng) -> Hand:
    """A ballpoint, felt pen or pencil that leaves ink: who fills in a form wants it to be read."""
    colour, writer = PENS[int(rng.integers(len(PENS)))], sources.writer("held_out", rng)
    pen = replace(
        writer.pen,
        width=float(np.clip(writer.pen.width, 0.05, 0.15)),
        ink=max(writer.pen.ink, 0.6),
        dryness=min(writer.pen.dryness, 0.3),
    )
    return Hand(replace(writer, pen=pen), colour, float(rng.uniform(26, 52)))


def _word(rng: Rng, size: int, faces: list[Path]) -> Gray:
    count = int(rng.integers(1, 3))
    said = " ".join(nonlines.word(rng) for _ in range(count)) + str(rng.choice(["", ":"]))
    return nonlines.written(said, faces[int(rng.integers(len(faces)))], size, rng)


def _title(sheet: Sheet, rng: Rng, faces: list[Path]) -> int:
    """A printed heading; gives the row below it."""
    top = int(rng.integers(50, 110))
    if rng.random() < 0.7:
        title = _word(rng, int(rng.integers(30, 56)), faces)
        sheet.ink(title, int(rng.integers(80, 500)), top, (15, 15, 15))
        top += title.shape[0] + int(rng.integers(40, 90))
    return top


def list_of_numbers(sheet: Sheet, sources: Writers, rng: Rng, faces: list[Path]) -> None:
    """One to three columns of numbers, with words before them at times, on plain, ruled or squared paper."""
    hand, top = _hand(sources, rng), _title(sheet, rng, faces)
    hand = replace(hand, signs=rng.random() < 0.2)
    pitch = round(hand.height * rng.uniform(1.6, 2.6))
    if rng.random() < 0.5:
        _ruled(sheet, rng, top, pitch)
    columns, left = int(rng.integers(1, 4)), int(rng.integers(70, 160))
    words = rng.random() < 0.35 and columns == 1
    for _row in range(int(rng.integers(4, 22))):
        if top + pitch > PAGE[0] - 60:
            break
        foot, x = top + pitch, left
        if words:
            label = _word(rng, round(0.7 * hand.height), faces)
            sheet.ink(label, x, foot - label.shape[0] - 4, (15, 15, 15))
            x += max(label.shape[1] + round(1.5 * hand.height), 330)
        for column in range(columns):
            text = _short(rng, columns)
            gray = hand.write(text, rng)
            x = max(x, left + column * (PAGE[1] - 2 * left) // columns)
            if x + gray.shape[1] > PAGE[1] - 40:
                continue
            sheet.write(text, gray, x, foot - gray.shape[0] - int(rng.integers(0, 6)), hand.colour)
            x += gray.shape[1] + round(hand.height * rng.uniform(1.8, 3))
        top += pitch
    if rng.random() < 0.3 and top < PAGE[0] - 100:  # the sum below a stroke
        cv2.line(sheet.paper, (left, top + 12), (left + 300, top + 14), tuple(c / 255 for c in hand.colour), 3)


def _short(rng: Rng, columns: int) -> str:
    """A text that fits into a column."""
    while True:
        text = texts.text(rng)
        if any(character.isdigit() for character in text) and len(text) <= (22, 12, 7)[columns - 1]:
            return text


def _ruled(sheet: Sheet, rng: Rng, top: int, pitch: int) -> None:
    """Lines to write on at this pitch, at times squared, with a margin."""
    colour = ((0.6, 0.7, 0.9), (0.7, 0.7, 0.75), (0.45, 0.5, 0.6))[int(rng.integers(3))]
    thick = int(rng.integers(1, 3))
    squared = rng.random() < 0.25
    step = pitch // int(rng.integers(1, 4)) if squared else pitch
    for y in range(top % step if squared else top, PAGE[0], step):
        sheet.rule((0, y), (PAGE[1], y), colour, thick)
    first = int(rng.integers(0, step))
    if squared:
        for x in range(first, PAGE[1], step):
            sheet.rule((x, 0), (x, PAGE[0]), colour, thick)
    if rng.random() < 0.4:
        x = int(rng.integers(40, 66))
        sheet.rule((x, 0), (x, PAGE[0]), (0.9, 0.5, 0.5), thick)


def rows_of_boxes(sheet: Sheet, sources: Writers, rng: Rng, faces: list[Path]) -> None:
    """Fields of boxes, one digit to a box, empty ones at the end at times, printed words above or before them."""
    hand, top = _hand(sources, rng), _title(sheet, rng, faces)
    side = round(hand.height * rng.uniform(1.35, 1.9))
    colour = (float(rng.uniform(0, 0.6)),) * 3
    thick = int(rng.integers(2, 4))
    for _field in range(int(rng.integers(1, 7))):
        if top + 3 * side > PAGE[0]:
            break
        boxes = int(rng.integers(4, 12))
        left = int(rng.integers(70, max(71, PAGE[1] - boxes * side - 60)))
        label = _word(rng, int(rng.integers(22, 34)), faces)
        sheet.ink(label, left, top, (15, 15, 15))
        top += label.shape[0] + int(rng.integers(12, 30))
        _boxes(sheet, (left, top), side, boxes, colour, thick)
        count = boxes if rng.random() < 0.6 else int(rng.integers(2, boxes + 1))
        digits = "".join(str(rng.integers(10)) for _ in range(count))
        for i, digit in enumerate(digits):
            gray = hand.write(digit, rng, (0.84 * side, 0.8 * side))
            spare = (side - np.array(gray.shape)) / 2 - 3
            y, x = (
                round(side / 2 - n / 2 + rng.uniform(-0.5, 0.5) * s) for n, s in zip(gray.shape, spare, strict=True)
            )
            sheet.ink(gray, left + i * side + x, top + y, hand.colour)
        whole = np.zeros((side, boxes * side), np.uint8)
        sheet.wanted.append(Wanted(digits, _corners(left, top, whole)))
        top += side + int(rng.integers(50, 150))


def _boxes(sheet: Sheet, corner: tuple[int, int], side: int, count: int, colour: Any, thick: int) -> None:
    left, top = corner
    for i in range(count + 1):
        sheet.rule((left + i * side, top), (left + i * side, top + side), colour, thick)
    for y in (top, top + side):
        sheet.rule((left, y), (left + count * side, y), colour, thick)


def table(sheet: Sheet, sources: Writers, rng: Rng, faces: list[Path]) -> None:
    """A table with printed heads, one to six characters in a cell, and empty cells."""
    hand, top = _hand(sources, rng), _title(sheet, rng, faces)
    rows, columns = int(rng.integers(3, 13)), int(rng.integers(2, 7))
    wide, high = (PAGE[1] - 160) // columns, round(hand.height * rng.uniform(1.5, 2.3))
    wide = min(wide, round(high * rng.uniform(1.6, 4.5)))
    left, colour, thick = int(rng.integers(60, 100)), (float(rng.uniform(0, 0.5)),) * 3, int(rng.integers(2, 4))
    rows = min(rows, (PAGE[0] - top - 80) // high)
    for i in range(rows + 1):
        sheet.rule((left, top + i * high), (left + columns * wide, top + i * high), colour, thick)
    for i in range(columns + 1):
        sheet.rule((left + i * wide, top), (left + i * wide, top + rows * high), colour, thick)
    heads = rng.random() < 0.6
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * wide, top + row * high
            if heads and row == 0:
                word = nonlines.written(nonlines.word(rng), faces[0], max(14, round(0.42 * high)), rng)
                if word.shape[1] < wide - 10:
                    sheet.ink(word, x + 6, y + (high - word.shape[0]) // 2, (15, 15, 15))
                continue
            if rng.random() < 0.25:
                continue
            text = str(rng.integers(10 ** int(rng.integers(1, 6))))
            gray = hand.write(text, rng, (0.82 * high, 0.86 * wide))
            if gray.shape[0] < 14:
                continue
            spare = (wide - gray.shape[1]) // 2
            x += spare + int(rng.uniform(-0.7, 0.7) * max(spare - 6, 0))
            sheet.write(text, gray, x, y + (high - gray.shape[0]) // 2 + int(rng.integers(-2, 3)), hand.colour)


KINDS: dict[str, Callable[[Sheet, Writers, Rng, list[Path]], None]] = {
    "list": list_of_numbers,
    "boxes": rows_of_boxes,
    "table": table,
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture, what kind of sheet is on it, and the numbers written there."""

    picture: Picture
    kind: str
    wanted: tuple[Wanted, ...]


def sheet(seed: int, number: int, sources: Writers) -> Rendered:
    """Sheet ``number`` of a set: kinds in turn, half of them photographed, half scanned."""
    rng = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    made = Sheet.blank(rng)
    KINDS[kind](made, sources, rng, fonts.needed(fonts.PRINT, 1))
    picture, there = taken(made.paper, rng)
    wanted = tuple(
        Wanted(one.text, cv2.perspectiveTransform(one.corners[None], there)[0]) for one in made.wanted if one.text
    )
    return Rendered(picture, kind, wanted)


def taken(paper: NDArray[np.float32], rng: Rng) -> tuple[Picture, NDArray[np.float64]]:
    """A sheet as a scanner or a phone has it, and the homography float64 (3, 3) from its pixels to the picture's."""
    if rng.random() < 0.5:
        angle, scale = float(np.clip(rng.normal(0, 1.2), -4, 4)), rng.uniform(0.75, 1.3)
        size = (round(PAGE[1] * scale), round(PAGE[0] * scale))
        there = np.vstack([cv2.getRotationMatrix2D((PAGE[1] / 2, PAGE[0] / 2), angle, 1.0), [0, 0, 1]])
        there = np.diag([scale, scale, 1.0]) @ there
        whole = cv2.warpPerspective(paper, there, size, flags=cv2.INTER_AREA, borderValue=(1, 1, 1))
        light = np.ones(size[::-1], np.float32)
    else:
        whole, there = _on_table(paper, rng)
        light = _light(whole.shape[:2], rng)
    whole = whole * light[..., None]
    if rng.random() < 0.5:
        whole = cv2.GaussianBlur(whole, (0, 0), float(rng.uniform(0.4, 1.1)))
    noisy = whole * 255 + rng.normal(0, rng.uniform(0.5, 4), whole.shape)
    picture = np.clip(noisy * rng.uniform(0.8, 1), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR), np.uint8), there


def _on_table(paper: NDArray[np.float32], rng: Rng) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Seen from a little aside, on something darker: float32 (H, W, 3) and the homography."""
    high = int(rng.integers(1500, 2300))
    wide = round(high * rng.uniform(0.7, 0.85))
    inset = rng.uniform(0.01, 0.12, (4, 2))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + inset * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
    source = np.array([[0, 0], [PAGE[1], 0], [PAGE[1], PAGE[0]], [0, PAGE[0]]], np.float32)
    there = cv2.getPerspectiveTransform(source, (corners * [wide, high]).astype(np.float32))
    table = _table((high, wide), rng)
    whole = cv2.warpPerspective(paper, there, (wide, high), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones(PAGE, np.float32), there, (wide, high), flags=cv2.INTER_LINEAR)[..., None]
    return np.asarray(whole * cover + table * (1 - cover), np.float32), np.asarray(there, np.float64)


def _table(shape: tuple[int, int], rng: Rng) -> NDArray[np.float32]:
    colour = np.array(((0.25, 0.17, 0.1), (0.2, 0.2, 0.22), (0.35, 0.25, 0.17), (0.1, 0.2, 0.15))[int(rng.integers(4))])
    grain = augment._smooth_noise((shape[0] // 8, shape[1] // 2), 6, rng)
    grain = cv2.resize(grain, shape[::-1], interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(colour * (1 + 0.15 * grain), 0, 1).astype(np.float32)


def _light(shape: tuple[int, ...], rng: Rng) -> NDArray[np.float32]:
    """Light from one side, and on half of the pictures a soft shadow: float32 (H, W), about 1."""
    light = 1 + np.float32(rng.uniform(0, 0.25)) * augment._ramp(shape, rng)
    if rng.random() < 0.5:
        edge = (augment._ramp(shape, rng) - np.float32(rng.uniform(-0.5, 0.5))) * np.float32(rng.uniform(4, 40))
        light = light * (1 - np.float32(rng.uniform(0.1, 0.45)) * np.clip(edge, 0, 1))
    return np.asarray(np.clip(light, 0.3, 1.3), np.float32)


# ---- pictures without a number


def without(seed: int, number: int) -> Picture:
    """Picture ``number`` of a set without numbers: pages of text, logos and drawings, photographs, in turn."""
    rng = np.random.default_rng([seed, number, 1])
    if number % 3 == 2:
        return _scene(rng)
    made = Sheet.blank(rng)
    faces = fonts.needed(fonts.PRINT, 1)
    (_prose if number % 3 == 0 else _drawings)(made, rng, faces)
    return taken(made.paper, rng)[0]


def _prose(sheet: Sheet, rng: Rng, faces: list[Path]) -> None:
    top, size = _title(sheet, rng, faces), int(rng.integers(18, 40))
    hands = fonts.found(fonts.HELD_OUT)
    face = [hands[int(rng.integers(len(hands)))]] if hands and rng.random() < 0.3 else faces
    face = [face[int(rng.integers(len(face)))]]
    while top < PAGE[0] - 80:
        x = 90
        while x < PAGE[1] - 260:
            word = nonlines.written(nonlines.word(rng) + str(rng.choice(["", "", "", ",", "."])), face[0], size, rng)
            sheet.ink(word, x, top + size - word.shape[0], (15, 15, 15))
            x += word.shape[1] + round(0.4 * size)
            if rng.random() < 0.02:
                break
        top += round(1.6 * size)


def _drawings(sheet: Sheet, rng: Rng, faces: list[Path]) -> None:
    """Logos, signatures, drawings, a few words, all over the sheet."""
    for _ in range(int(rng.integers(1, 9))):
        size = int(rng.integers(40, 300))
        if rng.random() < 0.4:
            gray = nonlines.nonline(faces, min(size, 90), rng)
        else:
            gray = cv2.resize(nondigits.drawing(rng), (size, size), interpolation=cv2.INTER_AREA)
        colour = PENS[int(rng.integers(len(PENS)))]
        place = [int(rng.integers(0, max(1, n - m))) for n, m in zip(PAGE, gray.shape, strict=True)]
        sheet.ink(np.asarray(gray, np.uint8), place[1], place[0], colour)


def _scene(rng: Rng) -> Picture:
    """Something like a photograph: soft blobs of colour at several scales, edges, texture."""
    shape = (int(rng.integers(600, 1500)), int(rng.integers(600, 1500)))
    whole = np.zeros((*shape, 3), np.float32)
    for channel in range(3):
        for scale, share in ((300, 0.5), (80, 0.25), (20, 0.12), (4, 0.06)):
            whole[..., channel] += share * augment._smooth_noise(shape, scale, rng)
    for _ in range(int(rng.integers(3, 30))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        axes = (int(rng.integers(5, 200)), int(rng.integers(5, 200)))
        colour = tuple(float(c) for c in rng.normal(0, 0.6, 3))
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(whole, centre, axes, angle, 0, 360, colour, -1 if rng.random() < 0.6 else 3, cv2.LINE_AA)
    whole = cv2.GaussianBlur(whole, (0, 0), float(rng.uniform(0.5, 3)))
    return np.clip(128 + 70 * whole + rng.normal(0, 4, whole.shape), 0, 255).astype(np.uint8)
