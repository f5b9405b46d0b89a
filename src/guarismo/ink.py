"""``Gray`` → ``Ink``: polarity, lighting, tight crop, MNIST's framing. The only preprocessing in the project.

Training calls this module too, and ``tests/vectors/`` holds pictures with their expected ink that
every port of it must reproduce. A change that alters any ink raises ``INK_VERSION``; a model
trained for another version is refused.

The stages, each a function: ``dark_on_light`` → ``subtract_paper`` → ``find_ink`` → ``frame``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Box, Gray, Ink, Inks

INK_VERSION = 1

SIDE = 28
"""MNIST: 28x28 pictures, the digit's longest side scaled to 20, its centre of mass in the middle
(LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition")."""
LONGEST = 20
CENTRE = 14.0

WORK = 200
"""Longest side, in pixels, at which ink is searched for. At less, hairlines of large pictures
vanish; at more, time grows and paper grain becomes visible as ink. A digit that is small in its
picture is cut out of the original and looked at again at this size."""

FAINTEST = 10.0
"""Grey levels between paper and ink below which nothing is ink. JPEG's blocks on white paper reach
4 to 6; a hard pencil pressed lightly gives 15 to 25."""

NOISE_FACTOR = 2.8
"""The strongest ink, averaged over 3x3 pixels, must stand out from the paper's grain by so many
standard deviations of single pixels. Pure noise reaches 1.5, the printed waves of a cheque 3;
at 5, pencil on rough paper is lost."""

INK_LEVEL = 0.35
"""Share of the writing's own contrast from which a pixel belongs to it. Lower swallows shadows'
edges and paper texture; higher breaks strokes where the pen was lifted."""

THINNEST = 1.7
"""Strokes thinner than this, in pixels of the 28x28 picture, are thickened. MNIST's thinnest are
about 1.5 to 2; a hairline left as it is fades to a fifth of its darkness when scaled down."""

_EMPTY = np.zeros((SIDE, SIDE), np.float32)
_EMPTY.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Framed:
    """One digit's ink and where it was: ``box`` is in pixels of the given picture, None where it is blank."""

    ink: Ink
    box: Box | None


def frame(gray: Gray) -> Framed:
    """Find the writing on a picture of one digit and frame it as MNIST's digits are.

    Takes ``Gray`` uint8 (H, W) of either polarity. Gives ``Ink`` float32 (28, 28), 0.0 paper ... 1.0 ink,
    read-only; all 0.0 with ``box`` None where there is no writing. A picture that is framed already, as
    MNIST's are, comes back as it is, divided by 255.
    """
    if gray.shape == (SIDE, SIDE):
        inks, framed = _already_framed(gray[None])
        if framed[0]:
            return Framed(_frozen(inks[0]), _box_of(inks[0] > 0))
    found = _find(dark_on_light(gray))
    if found is None:
        return Framed(_EMPTY, None)
    return Framed(_cut_out(found), found.box)


def frames(grays: Sequence[Gray] | NDArray[np.uint8]) -> list[Framed]:
    """``frame`` for many pictures; a stack uint8 (N, 28, 28) of framed digits is done at once."""
    stack = _stack(grays)
    if stack is None:
        return [frame(gray) for gray in grays]
    inks, framed = _already_framed(stack)
    boxes = _boxes_of(inks)
    inks.flags.writeable = False
    return [Framed(inks[i], boxes[i]) if framed[i] else frame(gray) for i, gray in enumerate(stack)]


def _stack(grays: Sequence[Gray] | NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    if len(grays) and all(gray.shape == (SIDE, SIDE) for gray in grays):
        return np.asarray(grays, np.uint8)
    return None


def _frozen(ink: Ink) -> Ink:
    ink.flags.writeable = False
    return ink


def _already_framed(stack: NDArray[np.uint8]) -> tuple[Inks, NDArray[np.bool_]]:
    """Which of uint8 (N, 28, 28) are framed as MNIST's are, and their ink, whatever the polarity.

    MNIST's 70,000 digits all pass: longest side 19 or 20, centre of mass within half a pixel of 14,
    darkest pixel 254 or 255, paper exactly 0.
    """
    inks = np.where((stack[:, :1, :1] < 128), stack, 255 - stack).astype(np.float32) / np.float32(255)
    rows, columns = inks.sum(2), inks.sum(1)
    longest = np.maximum(_extent(rows), _extent(columns))
    places = np.arange(SIDE, dtype=np.float32)
    mass = np.maximum(rows.sum(1), np.float32(1e-6))
    off_centre = np.maximum(np.abs(rows @ places / mass - CENTRE), np.abs(columns @ places / mass - CENTRE))
    peak = inks.reshape(len(inks), -1).max(1)
    good = (longest >= LONGEST - 1) & (longest <= LONGEST) & (off_centre <= 0.52) & (peak >= 254 / 255)
    return inks, good


def _extent(profile: NDArray[np.float32]) -> NDArray[np.int64]:
    """Length from the first to the last place with ink, for profiles float32 (N, 28)."""
    there = profile > 0
    return np.where(there.any(1), SIDE - there.argmax(1) - there[:, ::-1].argmax(1), 0)


def _boxes_of(inks: Inks) -> list[Box]:
    rows, columns = (inks > 0).any(2), (inks > 0).any(1)
    sides = (columns.argmax(1), rows.argmax(1), SIDE - columns[:, ::-1].argmax(1), SIDE - rows[:, ::-1].argmax(1))
    return [Box(*edges) for edges in np.stack(sides, 1).tolist()]


# --- polarity -------------------------------------------------------------------------------------


def dark_on_light(gray: Gray) -> Gray:
    """The same picture with dark writing on light paper: inverted where it was light on dark.

    The paper is what there is more of, over the whole picture and along its border together: a border
    alone is fooled by black scanner edges, the whole alone by a marker that fills the frame. And the
    writing is what is thin: that decides where half of the sheet lies in the shade.
    """
    small = _level(_shrink(gray, 96))
    middle = _two_means(small, float(small.min()), float(small.max()))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    dark_share = float((small < middle).mean() - (small > middle).mean())
    dark_border = float((border < middle).mean() - (border > middle).mean())
    lighter, darker = _thin(small, cv2.MORPH_TOPHAT), _thin(small, cv2.MORPH_BLACKHAT)
    light_strokes = (lighter - darker) / max(lighter + darker, 1e-6)
    return 255 - gray if dark_share + dark_border + 1.5 * light_strokes > 0 else gray


def _level(gray: Gray) -> Gray:
    """Without the plane that fits it best: light from one side is neither writing nor paper."""
    terms = _quadratic_terms(gray.shape)[:, :3]
    tilt = np.linalg.lstsq(terms.T @ terms, terms.T @ gray.ravel().astype(np.float64), rcond=None)[0]
    tilt[0] = 0
    return np.clip(np.rint(gray - (terms @ tilt).reshape(gray.shape)), 0, 255).astype(np.uint8)


def _thin(gray: Gray, hat: int) -> float:
    """How much there is that is lighter (top hat) or darker (black hat) and narrower than a sixth of the picture."""
    window = max(3, max(gray.shape) // 6 | 1)
    return float(cv2.morphologyEx(gray, hat, np.ones((window, window), np.uint8)).mean())


def _two_means(gray: Gray, low: float, high: float) -> float:
    """A level between the two clusters of grey (Ridler and Calvard 1978), alike for both polarities."""
    middle = (low + high) / 2
    for _ in range(8):
        below, above = gray[gray < middle], gray[gray > middle]
        if not below.size or not above.size:
            break
        middle = (float(below.mean()) + float(above.mean())) / 2
    return middle


def _shrink(gray: Gray, longest: int) -> Gray:
    """The picture scaled down, never up, so that its longest side is at most ``longest``."""
    scale = longest / max(gray.shape)
    if scale >= 1:
        return gray
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


# --- lighting -------------------------------------------------------------------------------------


def subtract_paper(dark: Gray) -> NDArray[np.float32]:
    """How much darker than the paper around it each pixel is: float32 (H, W), 0 ... 255, grain removed.

    Light falls on ink and paper alike, so the difference is taken in shares of the paper's level: a
    stroke in the shade counts as much as one in the sun.
    """
    paper = paper_level(dark).astype(np.float32)
    contrast = (paper - dark) * (np.float32(_median(paper.ravel())) / np.maximum(paper, np.float32(24)))
    offset, spread = _grain(contrast)
    contrast -= np.float32(offset)
    floor = np.float32(max(NOISE_FACTOR * spread, FAINTEST))
    if _calm(contrast).max(initial=0) < floor:
        return np.zeros(dark.shape, np.float32)
    contrast[contrast < max(floor / 2, 2 * spread)] = 0
    return np.asarray(contrast, np.float32)


def _calm(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averaged over 3x3: grain falls to a third, a stroke stays. Small pictures have strokes too thin for it."""
    return np.asarray(cv2.blur(contrast, (3, 3)), np.float32) if min(contrast.shape) >= 16 else contrast


def _grain(contrast: NDArray[np.float32]) -> tuple[float, float]:
    """Where the bare paper's contrast lies, and its standard deviation, from the light side alone:
    nothing is lighter than paper but paper, while the dark side is mixed with ink."""
    counts = np.bincount(np.clip(np.rint(contrast / 2) + 128, 0, 255).astype(np.int64).ravel(), minlength=256)
    offset = 2.0 * (int(np.convolve(counts, np.ones(3), "same").argmax()) - 128)
    lighter = offset - contrast[contrast < offset - 1]
    few = lighter.size < 0.02 * contrast.size
    return offset, 0.0 if few else 1.4826 * _median(lighter)


def paper_level(dark: Gray) -> NDArray[Any]:
    """The paper's grey under each pixel, (H, W): one level, else a smooth surface, else a closing.

    The closing (Serra 1982) has a window of half the picture: it follows the hard edge of a shadow and
    fills everything narrower, but not a gradient that falls towards the edge; the surface does that.
    """
    calm = cv2.medianBlur(dark, 3) if min(dark.shape) >= 40 else dark
    closed = _closing(calm, max(3, round(max(dark.shape) / 2) | 1))
    counts = np.bincount(dark.ravel(), minlength=256)
    mode = int(counts.argmax())
    if counts[mode] >= 0.4 * dark.size and closed.max() <= mode + 6 and closed.min() >= mode - 6:
        return np.full(dark.shape, mode, np.uint8)  # a screen, or a cleaned scan
    surface, spread = _smooth_paper(dark)
    in_the_shade = closed < surface - max(3 * spread, 12)
    return closed if in_the_shade.mean() > 0.1 else surface


def _smooth_paper(dark: Gray) -> tuple[NDArray[np.float32], float]:
    """A level, a plane or a quadratic surface through the paper, and the paper's deviation from it.

    The simplest wins unless a richer one halves the deviation or nearly so: in a tight crop a quadratic
    would bend down into the strokes.
    """
    small = _shrink(dark, 32).astype(np.float64)
    terms = _quadratic_terms(small.shape)
    light = _light_part(small).ravel()
    fits = [_fit_paper(terms[:, :count], small.ravel(), light) for count in (1, 3, 6)]
    best = min(fits, key=lambda fit: (fit[1] + 0.5) * (1 + 0.12 * len(fit[0])))
    solution, spread, low, high = best
    surface = _quadratic_terms(dark.shape)[:, : len(solution)] @ solution
    return np.asarray(np.clip(surface, low, high).reshape(dark.shape), np.float32), spread


def _fit_paper(
    terms: NDArray[np.float64], values: NDArray[np.float64], paper: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float, float, float]:
    """Least squares through the paper, again and again without what lies far off: coefficients, deviation
    on the light side, and the range of what was taken for paper (beyond it nothing is extrapolated)."""
    for _ in range(5):
        chosen = terms[paper]
        solution = np.linalg.lstsq(chosen.T @ chosen, chosen.T @ values[paper], rcond=None)[0]
        error = values - terms @ solution
        spread = max(1.4826 * _median(error[error > 0]), 1.5)
        near = (error > -2.5 * spread) & (error < 4 * spread)
        if near.sum() < max(12, 0.1 * values.size) or (near == paper).all():
            break
        paper = near
    return solution, spread, float(values[paper].min()), float(values[paper].max())


def _light_part(gray: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels lighter than the mean of their block, of 5x5 blocks over the picture."""
    means = cv2.resize(gray, (5, 5), interpolation=cv2.INTER_AREA)
    return np.asarray(gray >= cv2.resize(means, gray.shape[::-1], interpolation=cv2.INTER_NEAREST), bool)


def _median(values: NDArray[Any]) -> float:
    """The upper median, 0.0 of nothing; NumPy's own takes ten times as long on so few values."""
    return float(np.partition(values, values.size // 2)[values.size // 2]) if values.size else 0.0


def _quadratic_terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    x, y = x.ravel(), y.ravel()
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1)


def _closing(gray: Gray, window: int) -> Gray:
    """Grey closing with a large square, computed at a third of the size: paper has no fine detail."""
    step = 1 if max(gray.shape) <= 64 else 3
    small = gray if step == 1 else _block_max(gray, step)
    kernel = np.ones((max(3, window // step | 1),) * 2, np.uint8)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    closed = cv2.blur(closed, (3, 3)) if step > 1 else closed
    if closed.shape == gray.shape:
        return np.asarray(closed, np.uint8)
    return np.asarray(cv2.resize(closed, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _block_max(gray: Gray, step: int) -> Gray:
    """The median-of-three lightest of each block would be exact; the mean of dilated paper is near and fast."""
    wide = cv2.dilate(gray, np.ones((step, step), np.uint8))
    size = (-(-gray.shape[1] // step), -(-gray.shape[0] // step))
    return np.asarray(cv2.resize(wide, size, interpolation=cv2.INTER_AREA), np.uint8)


# --- where the writing is --------------------------------------------------------------------------


def find_ink(contrast: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which pixels belong to the writing: bool (H, W). Specks and remains of lines at the edges do not."""
    level = ink_level(contrast)
    if level == 0:
        return np.zeros(contrast.shape, bool)
    mask = (contrast > INK_LEVEL * level).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = np.zeros(count, bool)
    keep[1:] = _belongs(stats[1:].astype(np.int64), mask.shape)
    return np.asarray(keep[labels], bool)


def ink_level(contrast: NDArray[np.float32]) -> float:
    """The contrast of a fully inked pixel: the median of all that has at least half of the strongest.

    The strongest is looked for in the 3x3 mean, or one speck of salt and pepper would set it.
    """
    strongest = float(_calm(contrast).max(initial=0))
    return _median(contrast[contrast >= strongest / 2]) if strongest > 0 else 0.0


def _belongs(stats: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """For connected components (left, top, width, height, area): part of the writing or not."""
    left, top, width, height, area = stats.T
    lines = _edge_lines(stats, shape)
    if lines.all():
        lines[:] = False
    longest = np.maximum(width, height)
    main = longest[~lines].max()
    speck = (area < 0.015 * area[~lines].max()) | (longest < 0.07 * main)
    return ~lines & ~speck & ~_edge_remains(stats, shape, int(area[~lines].max()))


def _edge_lines(stats: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Rules and frames: apart from the digit, thin, along most of one side and close to it."""
    left, top, width, height, area = stats.T
    rows, columns = shape
    near_side = (left < 0.15 * columns) & (left + width < 0.3 * columns) | (left > 0.7 * columns)
    near_end = (top < 0.15 * rows) & (top + height < 0.3 * rows) | (top > 0.7 * rows)
    upright = (height > 0.75 * rows) & (width < 0.12 * columns + 2) & near_side
    level = (width > 0.75 * columns) & (height < 0.12 * rows + 2) & near_end
    hollow = (width > 0.9 * columns) & (height > 0.9 * rows) & (area < 0.2 * width * height)  # a whole frame
    return np.asarray((upright | level | hollow) & (len(stats) > 1), bool)


def _edge_remains(stats: NDArray[np.int64], shape: tuple[int, ...], largest: int) -> NDArray[np.bool_]:
    """Pieces of neighbours: small, cut by the picture's edge, and not reaching far into it."""
    left, top, width, height, area = stats.T
    rows, columns = shape
    side = ((left == 0) | (left + width == columns)) & (width < 0.25 * columns)
    end = ((top == 0) | (top + height == rows)) & (height < 0.2 * rows)
    return np.asarray((side | end) & (area < 0.15 * largest), bool)


@dataclass(frozen=True, slots=True)
class _Found:
    """Writing in a picture: its box there, and contrast and mask (both H, W) of the copy that was looked at."""

    box: Box
    contrast: NDArray[np.float32]
    mask: NDArray[np.bool_]


def _find(dark: Gray) -> _Found | None:
    """Look at a small copy; if the writing is small in its picture, again at a cut-out of the original."""
    small = _shrink(dark, WORK)
    contrast = subtract_paper(small)
    mask = find_ink(contrast)
    box = _box_of(mask)
    if box is None:
        return None
    full = _scale(box, dark.shape[1] / small.shape[1], dark.shape[0] / small.shape[0], dark.shape)
    near = _grow(full, dark.shape)
    if small is dark or max(near.width, near.height) > 0.8 * max(dark.shape):
        return _Found(full, contrast, mask)
    found = _find(dark[near.top : near.bottom, near.left : near.right])
    return found and _Found(_shift(found.box, near.left, near.top), found.contrast, found.mask)


def _box_of(mask: NDArray[np.bool_]) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _scale(box: Box, x: float, y: float, shape: tuple[int, ...]) -> Box:
    right, bottom = min(shape[1], int(np.ceil(box.right * x))), min(shape[0], int(np.ceil(box.bottom * y)))
    return Box(min(int(box.left * x), right - 1), min(int(box.top * y), bottom - 1), right, bottom)


def _shift(box: Box, x: int, y: int) -> Box:
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def _grow(box: Box, shape: tuple[int, ...]) -> Box:
    """A third more on each side, inside the picture: enough paper around to tell paper from ink."""
    margin = max(4, round(max(box.width, box.height) / 3))
    return Box(
        max(0, box.left - margin),
        max(0, box.top - margin),
        min(shape[1], box.right + margin),
        min(shape[0], box.bottom + margin),
    )


# --- framing --------------------------------------------------------------------------------------


def _cut_out(found: _Found) -> Ink:
    mask, contrast = found.mask, found.contrast
    level = ink_level(np.where(mask, contrast, np.float32(0)))
    around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    ink = np.where(around, np.clip(contrast / np.float32(max(level, 1)), 0, 1), np.float32(0))
    box = _box_of(mask)
    return _EMPTY if box is None else place(ink, mask, box)


def place(ink: NDArray[np.float32], mask: NDArray[np.bool_], box: Box) -> Ink:
    """Scale the writing's longest side to 20 and put its centre of mass in the middle of 28x28."""
    scale = LONGEST / max(box.width, box.height)
    ink = _thicken(ink, mask, scale)
    cut = ink[box.top : box.bottom, box.left : box.right]
    size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    if size != cut.shape[::-1]:
        cut = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    cut = np.clip(cut / max(float(cut.max()), 1e-6), 0, 1)
    return _frozen(_centred(np.asarray(cut, np.float32)))


def _thicken(ink: NDArray[np.float32], mask: NDArray[np.bool_], scale: float) -> NDArray[np.float32]:
    """Hairlines to the width that survives scaling down. A strip of width w has a mean distance to its rim of w/4."""
    if scale >= 1:
        return ink
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)
    width = 4 * float(inside[inside > 0].mean()) - 1
    missing = round(THINNEST / scale - width)
    if missing < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    return np.asarray(cv2.dilate(ink, kernel), np.float32)


def _centred(cut: NDArray[np.float32]) -> Ink:
    """``cut`` (at most 20x20) on a 28x28 sheet, moved by whole pixels as MNIST's digits were."""
    rows, columns = cut.shape
    mass = float(cut.sum())
    y = float(cut.sum(1) @ np.arange(rows, dtype=np.float32)) / mass
    x = float(cut.sum(0) @ np.arange(columns, dtype=np.float32)) / mass
    top = min(max(round(CENTRE - y), 0), SIDE - rows)
    left = min(max(round(CENTRE - x), 0), SIDE - columns)
    ink = np.zeros((SIDE, SIDE), np.float32)
    ink[top : top + rows, left : left + columns] = cut
    return ink
