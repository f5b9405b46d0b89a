"""What separates a data set from life: the geometry of hands, paper, light, cameras.

Own, seeded, outside the model. ``photograph`` turns a clean picture of a digit into one as a person
would have it; it goes through ``ink.py`` afterwards, as the user's will.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Gray, Ink

Rng = np.random.Generator


def photograph(clean: Gray, rng: Rng, bend: float = 1.0) -> Gray:
    """A clean picture, uint8 (H, W), dark ink on white paper 255, as somebody's camera or scanner has it.

    ``bend`` scales the geometric changes: 1 for recorded digits, less for shapes that vary already.
    """
    gray = _margin(clean, rng)
    gray = bent(gray, rng, bend)
    gray = _stroke_width(gray, rng)
    if rng.random() < 0.12:
        gray = _disturbed(gray, rng)
    if rng.random() < 0.4:
        gray = _crop(gray, rng)
    if rng.random() < 0.25:
        gray = _remains(gray, rng)
    if rng.random() < 0.3:
        gray = _low_resolution(gray, rng)
    if rng.random() < 0.75:
        gray = _on_paper(gray, rng)
    if rng.random() < 0.35:
        gray = _camera(gray, rng)
    return 255 - gray if rng.random() < 0.15 else gray


def _margin(clean: Gray, rng: Rng) -> Gray:
    """Paper around: mostly enough to bend in, sometimes a tight crop afterwards."""
    ring = int(max(clean.shape) * rng.uniform(0.15, 0.5))
    return np.pad(clean, ring, constant_values=255)


def bent(gray: Gray, rng: Rng, strength: float = 1.0) -> Gray:
    """Rotation, shear, unequal scaling and an elastic field (Simard, Steinkraus and Platt 2003)."""
    rows, columns = gray.shape
    angle, shear = rng.normal(0, 8 * strength), rng.normal(0, 0.14 * strength)
    stretch = np.exp(rng.normal(0, 0.13 * strength))
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(angle), 1.0)
    linear = turn[:, :2] @ np.array([[stretch, shear], [0, 1 / stretch]])
    centre = np.array([columns / 2, rows / 2])
    back = np.linalg.inv(linear)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    x, y = x - centre[0], y - centre[1]
    size = max(rows, columns)
    shift_x, shift_y = (_smooth_noise(gray.shape, 0.2 * size, rng) * np.float32(0.022 * size * strength) for _ in "xy")
    map_x = np.asarray(back[0, 0] * x + back[0, 1] * y + centre[0] + shift_x, np.float32)
    map_y = np.asarray(back[1, 0] * x + back[1, 1] * y + centre[1] + shift_y, np.float32)
    return np.asarray(cv2.remap(gray, map_x, map_y, cv2.INTER_LINEAR, borderValue=255), np.uint8)


def _smooth_noise(shape: tuple[int, ...], scale: float, rng: Rng) -> NDArray[np.float32]:
    """Noise of standard deviation near 1 that changes over ``scale`` pixels."""
    coarse = tuple(max(3, round(n / max(scale, 1)) + 2) for n in shape)
    field = rng.normal(size=coarse).astype(np.float32)
    return np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _stroke_width(gray: Gray, rng: Rng) -> Gray:
    """Thicker or thinner by up to a twentieth of the picture, on one picture in three."""
    chance = rng.random()
    if chance > 0.35:
        return gray
    reach = max(2, round(max(gray.shape) * rng.uniform(0.015, 0.05)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    if chance < 0.22:
        return np.asarray(cv2.erode(gray, kernel), np.uint8)
    thin = cv2.dilate(gray, kernel)
    return np.asarray(thin if (thin < 128).sum() > 0.35 * (gray < 128).sum() else gray, np.uint8)


def _remains(gray: Gray, rng: Rng) -> Gray:
    """What a crop brings along: rules, box sides and corners at the edges, specks, a neighbour's end."""
    gray = gray.copy()
    rows, columns = gray.shape
    level, width = int(rng.integers(0, 190)), int(rng.integers(1, 3 + max(rows, columns) // 40))
    for side in rng.permutation(4)[: rng.integers(0, 4)]:
        at = rng.uniform(0.0, 0.05)  # further in, a bar beside a digit is a 1, and both are no single digit
        y, x = (at if side == 0 else 1 - at) * rows, (at if side == 2 else 1 - at) * columns
        tilt = rng.normal(0, 0.02, 2)
        ends = ((0, y), (columns, y)) if side < 2 else ((x, 0), (x, rows))
        first, last = ((round(px + tilt[0] * columns), round(py + tilt[1] * rows)) for px, py in ends)
        cv2.line(gray, first, last, level, width, cv2.LINE_AA)
    if rng.random() < 0.35:  # a neighbour reaches in: the same ink turned round, a tenth of it in the picture
        away = round(columns * rng.uniform(0.82, 0.97)) * (1 if rng.random() < 0.5 else -1)
        shift = np.array([[1, 0, away], [0, 1, rng.uniform(-0.1, 0.1) * rows]])
        other = cv2.warpAffine(gray[::-1, ::-1], shift, (columns, rows), borderValue=255)
        gray = np.minimum(gray, other).astype(np.uint8)
    for _ in range(int(rng.integers(0, 4))):
        spot = (int(rng.integers(0, columns)), int(rng.integers(0, rows)))
        cv2.circle(gray, spot, int(rng.integers(0, 2 + max(rows, columns) // 60)), level, -1, cv2.LINE_AA)
    return gray


def _disturbed(gray: Gray, rng: Rng) -> Gray:
    """What lies over the digit: a rule or a crossing-out, a band in negative, blots, salt and pepper; or its
    outline alone. The digit stays readable to a person."""
    kinds = (_crossed, _crossed, _crossed, _outlined, _outlined, _banded, _banded, _blotted, _peppered)
    ink = gray[_writing(gray)] < 100
    strong = ink.mean() > 0.15  # a hairline, or pale ink, is lost below a band or pepper
    return kinds[int(rng.integers(len(kinds) if strong else 5))](gray, rng)


def _writing(gray: Gray) -> tuple[slice, slice]:
    """Where the ink lies; the whole picture if there is none."""
    there = gray < 128
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not rows.size:
        return slice(0, gray.shape[0]), slice(0, gray.shape[1])
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _crossed(gray: Gray, rng: Rng) -> Gray:
    """A line through the writing, thinner than a pen: straight, wavy, zigzag, dashed or dotted, in any direction."""
    gray = gray.copy()
    rows, columns = _writing(gray)
    size = max(rows.stop - rows.start, columns.stop - columns.start)
    turns = int(rng.integers(7, 15))
    along = np.linspace(-0.9, 0.9, turns if rng.random() < 0.5 else 60) * size
    wave = rng.choice([0.0, 0.03, 0.08, 0.12]) * size * np.cos(np.pi * (turns - 1) * np.linspace(0, 1, len(along)))
    angle = rng.normal(0, 0.35) + (np.pi / 2 if rng.random() < 0.2 else 0)
    middle = np.array([columns.start + columns.stop, rows.start + rows.stop]) / 2 + rng.normal(0, 0.17 * size, 2)
    x, y = along * np.cos(angle) - wave * np.sin(angle), along * np.sin(angle) + wave * np.cos(angle)
    points = np.rint((np.stack([x, y], 1) + middle) * 16).astype(np.int32)
    level, width = int(rng.integers(0, 120)), max(1, round(size * rng.uniform(0.02, 0.07)))
    choice = rng.random()
    if choice < 0.7:
        cv2.polylines(gray, [points], False, level, width, cv2.LINE_AA, 4)
        return gray
    ends = points[::2] if choice < 0.85 else points[1::2]  # dots, or dashes
    for first, last in zip(points[::2], ends, strict=False):
        cv2.line(gray, first.tolist(), last.tolist(), level, width + 1, cv2.LINE_AA, 4)
    return gray


def _banded(gray: Gray, rng: Rng) -> Gray:
    """A band across the picture in negative, upright or level."""
    gray = gray.copy()
    rows, columns = _writing(gray)
    across = gray if rng.random() < 0.7 else gray.T
    place = columns if across is gray else rows
    length = place.stop - place.start
    width = max(2, round(length * rng.uniform(0.2, 0.6)))
    first = int(place.start + rng.uniform(-0.1, 1.0) * max(length - width, 1))
    first = max(first, 0)
    across[:, first : first + width] = 255 - across[:, first : first + width]
    return gray


def _outlined(gray: Gray, rng: Rng) -> Gray:
    """The rim of the strokes alone, as of hollow letters."""
    thick = max(2, round(max(gray.shape) * rng.uniform(0.015, 0.04)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick))
    if rng.random() < 0.5:  # a pen widened first, or its two rims run into one
        gray = np.asarray(cv2.erode(gray, np.ones((thick + 1, thick + 1), np.uint8)), np.uint8)
    return np.asarray(255 - cv2.subtract(cv2.dilate(gray, kernel), gray), np.uint8)


def _blotted(gray: Gray, rng: Rng) -> Gray:
    """Grey spots that cover ink and paper."""
    size = max(gray.shape)
    noise = _smooth_noise(gray.shape, size * rng.uniform(0.03, 0.08), rng)
    spots = (noise > np.quantile(noise, rng.uniform(0.85, 0.96))).astype(np.float32)
    cover = cv2.GaussianBlur(spots, (0, 0), 0.012 * size)
    return np.clip(gray * (1 - cover) + rng.uniform(40, 200) * cover, 0, 255).astype(np.uint8)


def _peppered(gray: Gray, rng: Rng) -> Gray:
    """Salt and pepper, or the noise of too little light, in grains of a twentieth to a fortieth of the picture."""
    small = tuple(round(n / max(gray.shape) * rng.uniform(24, 48)) + 1 for n in gray.shape)
    low = cv2.resize(gray, small[::-1], interpolation=cv2.INTER_AREA)
    if rng.random() < 0.6:
        chance, share = rng.random(small), rng.uniform(0.03, 0.12)
        return np.where(chance < share, 255, np.where(chance > 1 - share, 0, low)).astype(np.uint8)
    photons = rng.uniform(4, 12)
    return np.asarray(255 - np.clip(rng.poisson((255 - low) / 255 * photons) / photons * 255, 0, 255), np.uint8)


def _crop(gray: Gray, rng: Rng) -> Gray:
    """Cut out by hand or by a program: hardly any paper around, sometimes a hair too tight."""
    rows, columns = (np.flatnonzero((gray < 128).any(axis)) for axis in (1, 0))
    if not rows.size:
        return gray
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    top, left, bottom, right = (int(size * rng.uniform(-0.03, 0.14)) for _ in range(4))
    y, x = (max(0, int(rows[0]) - top), max(0, int(columns[0]) - left))
    cropped = gray[y : int(rows[-1]) + 1 + bottom, x : int(columns[-1]) + 1 + right]
    return cropped if min(cropped.shape) >= 6 else gray


def _low_resolution(gray: Gray, rng: Rng) -> Gray:
    """Down to a digit of 6 to 24 pixels, the smaller as often as the larger, and sometimes back up, as a thumbnail or a
    fax has it."""
    height = max((gray < 128).any(1).sum(), 8)
    scale = min(1.0, float(np.exp(rng.uniform(np.log(6), np.log(24)))) / height)
    small = (max(6, round(gray.shape[1] * scale)), max(6, round(gray.shape[0] * scale)))
    low = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        low = cv2.resize(low, gray.shape[::-1], interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    return np.asarray(low, np.uint8)


def _on_paper(gray: Gray, rng: Rng) -> Gray:
    """Ink and paper of some contrast, a gradient or a shadow, print, grain."""
    paper = rng.uniform(120, 255)
    contrast = rng.uniform(0.25, 1.0)
    reflect = 1 - contrast * (1 - gray.astype(np.float32) / 255)
    light = np.full(gray.shape, paper, np.float32)
    if rng.random() < 0.5:
        light *= 1 + rng.uniform(0, 0.35) * _ramp(gray.shape, rng)
    if rng.random() < 0.15:
        light *= np.where(_ramp(gray.shape, rng) > rng.uniform(-0.6, 0.6), np.float32(rng.uniform(0.5, 0.9)), 1)
    if rng.random() < 0.35:
        light *= _print(gray.shape, rng, contrast)
    if rng.random() < 0.5:
        light *= 1 + np.float32(rng.uniform(0, 0.05)) * _smooth_noise(gray.shape, rng.uniform(1.5, 6), rng)
    noise = rng.normal(0, rng.exponential(4.0), gray.shape).astype(np.float32)
    return np.clip(light * reflect + noise, 0, 255).astype(np.uint8)


def _ramp(shape: tuple[int, ...], rng: Rng) -> NDArray[np.float32]:
    """A plane from -1 to 1 across the picture, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij")
    return np.asarray((np.cos(angle) * x + np.sin(angle) * y) / 1.42, np.float32)


def _print(shape: tuple[int, ...], rng: Rng, contrast: float) -> NDArray[np.float32]:
    """Security waves, rules or a dotted pattern, fainter than the writing: float32 (H, W), 1 is bare paper."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    size = max(shape)
    angle, bow = rng.uniform(0, np.pi), rng.uniform(0, 0.08) * size
    across = np.cos(angle) * x + np.sin(angle) * y + bow * np.sin(2 * np.pi * (x - y) / (rng.uniform(0.3, 1.5) * size))
    period = max(3.0, rng.uniform(0.06, 0.25) * size)
    pattern = np.cos(2 * np.pi * across / period) ** 2
    if rng.random() < 0.3:
        along = np.sin(angle) * x - np.cos(angle) * y
        pattern = pattern * np.cos(2 * np.pi * along / period) ** 2
    sharp = pattern ** np.float32(rng.choice([1, 4, 12]))
    return np.asarray(1 - np.float32(rng.uniform(0.05, 0.45) * contrast) * sharp, np.float32)


def _camera(gray: Gray, rng: Rng) -> Gray:
    """Out of focus or moved, sharpened, and saved as a JPEG."""
    size = max(gray.shape)
    choice = rng.random()
    if choice < 0.4:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.3, 0.025 * size + 0.4))), np.uint8)
    elif choice < 0.6:
        gray = _moved(gray, max(2, round(rng.uniform(0.01, 0.06) * size)), rng)
    if rng.random() < 0.6:
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))])
        gray = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return gray


def _moved(gray: Gray, length: int, rng: Rng) -> Gray:
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    half, reach = (length - 1) / 2, np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    ends = [(round(half - sign * reach[0]), round(half - sign * reach[1])) for sign in (1, -1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(gray, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8)


def as_bytes(ink: Ink) -> NDArray[np.uint8]:
    """Ink 0..1 as uint8 0..255, for keeping many."""
    return np.rint(ink * 255).astype(np.uint8)
