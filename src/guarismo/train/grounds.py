"""Everything about a line that is not its number: signs and strokes that say nothing, the paper, its print, the camera.

``fill`` and ``underlines`` give strokes of the writer's own pen, in digit heights as in ``pens.py``. They are not
labelled: a reader has to pass over them, as over ``affixes.py``. ``photographed`` gives a clean line its paper and its
picture.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.train.augment import Rng, _moved, _ramp, _smooth_noise
from guarismo.train.paths import Path, arc
from guarismo.train.pens import Stroke, shaken
from guarismo.types import Gray

LOWEST, HIGHEST = 12, 60
"""Pixels of digit height in the picture. Below 12 people guess too; above 60 ``strip`` shrinks it all the same."""

# ---- what the writer's pen adds


class Marks:
    """How one line's points, commas, dashes, slashes and colons look; each is alike and never the same."""

    def __init__(self, rng: Rng, pen: float) -> None:
        self._tick = rng.choice([0.0, 0.0, rng.uniform(0.05, 0.1)])  # a dot, or a short stroke
        self._lean = rng.uniform(0.0, 0.8)
        self._raised = rng.uniform(0.2, 0.55) if rng.random() < 0.07 else 0.0
        # A thin pen makes a point by going round; below 0.06 it is a pixel or two of a strip, and lost with the noise.
        self._round = max(0.0, rng.uniform(0.06, 0.1) - pen) / 2
        self._comma, self._bow = rng.uniform(0.14, 0.36), rng.normal(0.02, 0.03)
        self._dash, self._at, self._rise = (
            1.2 * pen + rng.uniform(0.2, 0.5),
            rng.uniform(0.35, 0.7),
            rng.normal(0.0, 0.04),
        )
        self._stroke = (rng.uniform(0.15, 0.55), rng.uniform(-0.2, 0.05), rng.uniform(0.98, 1.25))

    def strokes(self, mark: str, rng: Rng) -> list[Stroke]:
        """One of ``. , - / :``, its left edge anywhere, in digit heights."""
        paths = {".": self._point, ",": self._hook, "-": self._level, "/": self._slash, ":": self._colon}[mark](rng)
        return shaken(paths, rng, 0.008)

    def _point(self, rng: Rng, y: float = 0.97) -> list[Path]:
        y += rng.normal(0, 0.03) - self._raised
        long = self._tick * rng.uniform(0.7, 1.3)
        if long == 0 and self._round > 0.006:
            return [arc((0, y), (self._round, self._round), 0, 360)]
        return [[(0, y), (-self._lean * long, y + long)] if long else [(0, y)]]

    def _hook(self, rng: Rng) -> list[Path]:
        y, long = 0.92 + rng.normal(0, 0.04) - 0.4 * self._raised, self._comma * rng.uniform(0.8, 1.2)
        lean = max(self._lean, 0.2) * long
        return [[(0, y), (self._bow, y + long / 2), (-lean, y + long)]]

    def _level(self, rng: Rng) -> list[Path]:
        y, long, rise = self._at + rng.normal(0, 0.04), self._dash * rng.uniform(0.8, 1.25), self._rise
        return [[(0, y + rise), (long / 2, y + rng.normal(0, 0.015)), (long, y - rise + rng.normal(0, 0.02))]]

    def _slash(self, rng: Rng) -> list[Path]:
        wide, top, foot = self._stroke
        return [[(wide * rng.uniform(0.8, 1.2), top), (wide / 2, 0.5 + self._bow), (0, foot)]]

    def _colon(self, rng: Rng) -> list[Path]:
        raised, self._raised = self._raised, 0.0
        low, high = rng.uniform(0.75, 0.95), rng.uniform(0.25, 0.45)
        paths = [*self._point(rng, high), *self._point(rng, low)]
        self._raised = raised
        return paths


def _double(rng: Rng) -> list[Path]:
    """The = that closes a sum, its strokes alike or the lower one shorter, level or climbing."""
    long, apart, y = rng.uniform(0.3, 0.8), rng.uniform(0.12, 0.3), rng.uniform(0.1, 0.6)
    rise, short = rng.uniform(-0.05, 0.2), rng.uniform(0.5, 1.1)
    first: Path = [(0, y + rise / 2), (long, y - rise / 2)]
    return [first, [(0.04, y + apart + rise / 2), (long * short, y + apart - rise / 2)]]


def _long_dash(rng: Rng) -> list[Path]:
    long, y, bow = rng.uniform(1.4, 4.5), rng.uniform(0.3, 0.75), rng.normal(0, 0.06)
    return [[(0, y), (long / 2, y + bow), (long, y + rng.normal(0, 0.08))]]


def _long_double(rng: Rng) -> list[Path]:
    (line,), apart = _long_dash(rng), rng.uniform(0.15, 0.3)
    return [line, [(x, y + apart) for x, y in line]]


def _wave(rng: Rng) -> list[Path]:
    count, wide, high = int(rng.integers(3, 9)), rng.uniform(0.2, 0.5), rng.uniform(0.06, 0.22)
    return [[(i * wide / 2, 0.55 + high * (-1) ** i) for i in range(count)]]


def _zigzag(rng: Rng) -> list[Path]:
    """A wave with corners; or one line drawn to and fro, each time lower."""
    (points,) = _wave(rng)
    if rng.random() < 0.4:
        long, step = rng.uniform(0.8, 2.5), rng.uniform(0.12, 0.3)
        points = [(long * (i % 2), 0.25 + step * i) for i in range(int(rng.integers(3, 5)))]
    return [[point for point in points for _ in range(2)]]


def _hook(rng: Rng) -> list[Path]:
    """A dash that swings back below itself, as the end of a signature."""
    long, low = rng.uniform(0.9, 2.2), rng.uniform(0.8, 1.1)
    return [[(0, 0.45), (long * 0.6, 0.4), (long, 0.5), (long * 0.8, low), (long * 0.2, low + 0.05)]]


_FILLS: tuple[Callable[[Rng], list[Path]], ...] = (
    _double, _double, _double, _double, _long_dash, _long_dash, _long_double, _wave, _zigzag, _hook,
)  # fmt: skip


def fill(pen: float, rng: Rng) -> list[Stroke]:
    """What keeps others from adding digits: a double stroke, or something longer than 0.8 digit heights.

    One short dash is none of these: it is the mark "-", and labelled. So the two strokes of a = are kept apart by more
    than the ``pen``'s width.
    """
    strokes = shaken(_FILLS[int(rng.integers(len(_FILLS)))](rng), rng)
    if len(strokes) == 2:
        apart = float(strokes[1][:, 1].mean() - strokes[0][:, 1].mean())
        strokes[1] = strokes[1] + np.array([0, max(0.0, 1.5 * pen + 0.08 - apart)], np.float32)
    return strokes


def underlines(left: float, right: float, rng: Rng) -> list[Stroke]:
    """One line or two under the number, from ``left`` to ``right`` more or less."""
    start, stop = left + rng.normal(-0.1, 0.15), right + rng.normal(0.1, 0.2)
    y, rise = rng.uniform(1.12, 1.4), rng.normal(0, 0.06)
    middle = ((start + stop) / 2, y + rng.normal(0, 0.03))
    lines: list[Path] = [[(start, y + rise), middle, (max(stop, start + 0.3), y - rise)]]
    if rng.random() < 0.3:
        lines.append([(x + 0.05, below + rng.uniform(0.1, 0.2)) for x, below in lines[0]])
    return shaken(lines, rng, 0.01)


# ---- the paper


def photographed(clean: Gray, size: int, rng: Rng, scanned: float = 0.0) -> Gray:
    """A clean line, uint8 (H, W), ink on white 255, no margins, ``size`` pixels to a digit, as a picture; by the chance
    ``scanned`` one of bare paper, undisturbed."""
    gray = _cropped(clean, size, rng)
    calm = scanned > 0 and rng.random() < scanned
    if not calm and rng.random() < 0.5:
        gray = _ruled(gray, size, rng)
    if not calm and rng.random() < 0.2:
        gray = _neighbours(gray, size, rng)
    if not calm and rng.random() < 0.06:
        gray = _stamped(gray, size, rng)
    high = float(np.clip(np.exp(rng.normal(np.log(32), 0.38)), LOWEST, HIGHEST))
    gray = _scaled(gray, high / size)
    if not calm and rng.random() < 0.88:
        gray = _on_paper(gray, high, rng)
    if not calm or rng.random() < 0.5:
        gray = _camera(gray, high, rng)
    return 255 - gray if rng.random() < 0.12 else gray


def _cropped(clean: Gray, size: int, rng: Rng) -> Gray:
    """Paper around, or a crop that hardly leaves any; one in twelve takes a hair of the writing off above or below."""
    tight = rng.random() < 0.45
    sides = rng.uniform(0.0, 0.15, 4) if tight else rng.uniform(0.05, 0.8, 4)
    top, bottom, left, right = (int(size * side) for side in sides)
    gray = np.pad(clean, ((top, bottom), (left, right)), constant_values=255)
    if tight and rng.random() < 0.17:
        gray = gray[top + int(rng.uniform(0, 0.06) * size) : len(gray) - bottom - int(rng.uniform(0, 0.06) * size)]
    return gray


def _scaled(gray: Gray, scale: float) -> Gray:
    shape = [max(6, round(n * scale)) for n in gray.shape[::-1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, shape, interpolation=way), np.uint8)


def _ruled(gray: Gray, size: int, rng: Rng) -> Gray:
    """A printed line to write on, one above, dotted lines, sides of a box, cells for the digits."""
    gray = gray.copy()
    rows, columns = gray.shape
    level, thick = int(rng.integers(0, 200)), int(rng.integers(1, 1 + max(2, size // 14)))
    chance = rng.random()
    if chance < 0.75:
        _rule(gray, rows - int(size * rng.uniform(0.02, 0.35)), level, thick, rng)
    if chance > 0.65:
        _rule(gray, int(size * rng.uniform(0.0, 0.2)), level, thick, rng)
    if rng.random() < 0.1:  # more, and a 1 at the start is taken for a box's side
        for x in (int(size * rng.uniform(0, 0.15)), columns - 1 - int(size * rng.uniform(0, 0.15))):
            if rng.random() < 0.7:
                cv2.line(gray, (x, 0), (x + int(rng.normal(0, 1)), rows), level, thick, cv2.LINE_AA)
    if rng.random() < 0.08:  # cells: pale, or nobody could tell a side from a 1
        step = size * rng.uniform(0.7, 1.3)
        for x in np.arange(rng.uniform(0, step), columns, step).astype(int).tolist():
            cv2.line(gray, (x, 0), (x, rows), int(rng.integers(170, 235)), thick, cv2.LINE_AA)
    return np.minimum(gray, 255)


def _rule(gray: Gray, y: int, level: int, thick: int, rng: Rng) -> None:
    """A line from side to side, the writing over it; one in four is dotted."""
    rows, columns = gray.shape
    line = np.full((rows, columns), 255, np.uint8)
    cv2.line(line, (0, y), (columns, y + int(columns * rng.normal(0, 0.008))), level, thick, cv2.LINE_AA)
    if rng.random() < 0.25:
        period = int(rng.integers(3, 9))
        line[:, (np.arange(columns) % period) < period // 2] = 255
    np.minimum(gray, line, out=gray)


def _neighbours(gray: Gray, size: int, rng: Rng) -> Gray:
    """Feet of the line above and heads of the line below, cut off: this line's own, moved aside."""
    rows, columns = gray.shape
    inked = np.flatnonzero((gray < 128).any(1))
    if not inked.size:
        return gray
    reach = int(size * rng.uniform(0.04, 0.28))
    pieces = (gray[max(0, inked[-1] + 1 - reach) : inked[-1] + 1], gray[inked[0] : inked[0] + reach])
    first, last = sorted(rng.integers(0, columns, 2).tolist())
    gray = gray.copy()
    for at, piece in zip((slice(0, len(pieces[0])), slice(rows - len(pieces[1]), rows)), pieces, strict=True):
        if rng.random() < 0.6:
            moved = np.roll(piece, int(rng.integers(columns)), axis=1)
            moved[:, first:last] = 255  # a line that is shorter
            gray[at] = np.minimum(gray[at], moved)
    return gray


def _stamped(gray: Gray, size: int, rng: Rng) -> Gray:
    """A pale stamp over it, or small print beside it."""
    rows, columns = gray.shape
    stamp = np.full((rows, columns), 255, np.uint8)
    level, thick = int(rng.integers(150, 225)), max(1, size // 22)
    centre = (int(rng.integers(columns)), int(rng.integers(rows)))
    if rng.random() < 0.5:
        radius = int(size * rng.uniform(0.6, 1.6))
        for share in (1.0, 0.85, 0.4)[: int(rng.integers(1, 4))]:
            cv2.circle(stamp, centre, int(radius * share), level, thick, cv2.LINE_AA)
    words = ("BANCO", "PAGADO", "SERIE", "Total", "RECIBIDO", "No.", "EUR", "Betrag", "COPIA")
    face = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX)[int(rng.integers(2))]
    word, high = words[int(rng.integers(len(words)))], size * rng.uniform(0.006, 0.03)
    cv2.putText(stamp, word, (centre[0] - size, centre[1]), face, high, level, thick, cv2.LINE_AA)
    if rng.random() < 0.5:
        turn = cv2.getRotationMatrix2D(centre, float(rng.normal(0, 12)), 1.0)
        stamp = np.asarray(cv2.warpAffine(stamp, turn, (columns, rows), borderValue=255), np.uint8)
    return np.minimum(gray, stamp)


def _on_paper(gray: Gray, high: float, rng: Rng) -> Gray:
    """Ink and paper of some contrast, uneven light, a shadow, print, grain. ``high`` is a digit's height in pixels."""
    contrast = 1 - 0.75 * rng.beta(1.0, 1.3)
    paper = rng.uniform(110, 255)
    depth = contrast * (1 - int(gray.min()) / 255)  # of the pen, which may be pale: print and grain are paler
    reflect = 1 - np.float32(contrast / 255) * (255 - gray).astype(np.float32)
    light = np.full(gray.shape, paper, np.float32)
    if rng.random() < 0.5:
        light *= 1 + np.float32(rng.uniform(0, 0.35)) * _ramp(gray.shape, rng)
    if rng.random() < 0.06:
        soft = np.clip(
            (_ramp(gray.shape, rng) - np.float32(rng.uniform(-0.6, 0.6))) * np.float32(rng.uniform(4, 60)), 0, 1
        )
        light *= 1 - np.float32(rng.uniform(0.1, 0.5)) * soft
    if rng.random() < 0.5:
        light *= 1 - np.float32(rng.uniform(0.05, 0.45) * depth) * _printed(gray.shape, high, rng)
    if rng.random() < 0.4:
        light *= 1 + np.float32(rng.uniform(0, 0.05)) * _smooth_noise(gray.shape, rng.uniform(1.5, 6), rng)
    light *= reflect
    if rng.random() < 0.8:
        grain = min(rng.exponential(3.5), 0.12 * depth * paper)  # more, and nobody can read it
        light += np.float32(grain) * rng.standard_normal(gray.shape, np.float32)
    return np.clip(light, 0, 255).astype(np.uint8)


def _printed(shape: tuple[int, ...], high: float, rng: Rng) -> NDArray[np.float32]:
    """What is printed behind the writing: float32 (H, W), 0 bare ... 1 printed."""
    if rng.random() < 0.3:
        return _woven(shape, rng)
    pattern = _guilloche(shape, high, rng)
    if rng.random() < 0.5:
        pattern = np.maximum(pattern, _guilloche(shape, high, rng))
    return pattern


def _woven(shape: tuple[int, ...], rng: Rng) -> NDArray[np.float32]:
    """A small pattern again and again: cloth, dots, hatching."""
    tile = rng.random((int(rng.integers(2, 8)), int(rng.integers(2, 8))), np.float32) ** np.float32(rng.uniform(0.5, 3))
    times = [n // side + 1 for n, side in zip(shape, tile.shape, strict=True)]
    return np.tile(tile, times)[: shape[0], : shape[1]]


def _guilloche(shape: tuple[int, ...], high: float, rng: Rng) -> NDArray[np.float32]:
    """Security lines: one family of parallel waves, or of rings about a point outside, thin or broad."""
    y, x = np.arange(shape[0], dtype=np.float32)[:, None], np.arange(shape[1], dtype=np.float32)[None]
    period = max(2.5, high * rng.uniform(0.07, 0.6))
    if rng.random() < 0.25:
        centre = np.array([rng.uniform(-0.5, 1.5) * shape[1], rng.normal(0, 4) * shape[0]], np.float32)
        across = np.hypot(x - centre[0], y - centre[1])
    else:
        angle, long = rng.normal(0, 0.5), high * rng.uniform(0.7, 5)
        bow = np.sin(x * np.float32(6.28 / long) + np.float32(rng.uniform(0, 6))) * np.float32(
            high * rng.uniform(0, 0.5)
        )
        across = np.float32(np.sin(angle)) * x + np.float32(np.cos(angle)) * y + bow
    wave = np.cos(across * np.float32(6.28 / period))
    wave *= wave
    for _ in range(int(rng.integers(0, 4))):  # squared again and again, the lines become thin
        wave *= wave
    return np.asarray(wave, np.float32)


def _camera(gray: Gray, high: float, rng: Rng) -> Gray:
    """Out of focus or moved, coarser than it should be, saved as a JPEG."""
    chance = rng.random()
    if chance < 0.35:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.3, 0.4 + 0.035 * high))), np.uint8)
    elif chance < 0.45:
        gray = _moved(gray, max(2, round(rng.uniform(0.03, 0.12) * high)), rng)
    elif chance < 0.52:
        gray = _scaled(_scaled(gray, max(0.45, LOWEST / high)), 1 / max(0.45, LOWEST / high))
    if rng.random() < 0.5:
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 92))])
        gray = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return gray
