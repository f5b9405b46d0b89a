"""Hypothesis: pictures of drawn digits, and every value that guarismo hands out."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from guarismo.train.pens import Pen
from guarismo.types import STATUSES, Box, Digit, Gray, Grid, ModelInfo, Number, Page
from pictures import levels, on_paper, written

seeds = st.integers(0, 2**20)
shares = st.floats(0, 1, allow_nan=False)


@st.composite
def drawings(draw: st.DrawFn, smallest: int = 20, largest: int = 90) -> Gray:
    """A digit cut close, black on white, by any hand with any pen between a hairline and a felt pen."""
    pen = Pen(width=draw(st.floats(0.03, 0.16)), pressure=0.2, softness=draw(st.sampled_from([0.0, 0.006, 0.015])))
    return written(draw(st.integers(0, 9)), draw(seeds), draw(st.integers(smallest, largest)), pen)


@st.composite
def sheets(draw: st.DrawFn, largest: int = 400) -> Gray:
    """A digit somewhere on blank paper: any size, contrast and polarity."""
    drawing = draw(drawings(12, largest // 3))
    room = st.integers(max(drawing.shape) + 8, max(drawing.shape) * 2 + largest // 3)
    gray = on_paper(drawing, (draw(room), draw(room)), (draw(shares), draw(shares)))
    black = draw(st.integers(0, 150))
    gray = levels(gray, black, draw(st.integers(black + 60, 255)))
    return 255 - gray if draw(st.booleans()) else gray


@st.composite
def grays(draw: st.DrawFn, largest: int = 40) -> Gray:
    """Any pixels at all: flat, of few levels, noise, or a ramp, from 1x1."""
    shape = (draw(st.integers(1, largest)), draw(st.integers(1, largest)))
    rng = np.random.default_rng(draw(seeds))
    low, high = sorted(draw(st.tuples(st.integers(0, 255), st.integers(0, 255))))
    kinds = [
        np.full(shape, low),
        np.where(rng.random(shape) < draw(shares), low, high),
        rng.integers(low, high + 1, shape),
        np.linspace(low, high, shape[0] * shape[1]).reshape(shape),
    ]
    return np.asarray(draw(st.sampled_from(kinds)), np.uint8)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, 5000)), draw(st.integers(0, 5000))
    return Box(left, top, left + draw(st.integers(1, 5000)), top + draw(st.integers(1, 5000)))


@st.composite
def digits(draw: st.DrawFn) -> Digit:
    parts = draw(st.lists(st.floats(0.001, 1), min_size=10, max_size=10))
    probabilities = tuple(part / sum(parts) for part in parts)
    status = draw(st.sampled_from(STATUSES))
    value = None if status == "blank" else int(np.argmax(probabilities))
    return Digit(value, status, draw(shares), probabilities, draw(boxes()))


number_texts = st.text("0123456789.,-/ ", max_size=12)


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    return Number(
        draw(number_texts),
        tuple(draw(st.lists(digits(), max_size=3))),
        draw(st.sampled_from(STATUSES)),
        draw(shares),
        draw(boxes()),
        tuple(draw(st.lists(st.tuples(number_texts, shares), max_size=3))),
    )


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    cell = st.none() | numbers()
    cells = tuple(tuple(draw(cell) for _ in range(columns)) for _ in range(rows))
    return Grid(rows, columns, cells, draw(boxes()))


model_infos = st.builds(
    ModelInfo, st.text(max_size=8), st.text(max_size=8), st.text("0123456789abcdef"), st.integers(1)
)

pages = st.builds(
    Page,
    st.lists(numbers(), max_size=3).map(tuple),
    st.lists(grids(), max_size=1).map(tuple),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    model_infos,
)
