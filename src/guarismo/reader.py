"""``Reader``: from whatever a person has to what is written on it.

It wires the stages, each of which can be used alone:
``image.load_gray`` → ``ink.frame`` → ``engine.run`` → ``decode.digits`` for one digit to a picture,
``image.load_gray`` → ``strip.strip`` → ``engine.run`` → ``decode.number`` for a written number.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from guarismo import decode, strip
from guarismo.ctc import Language
from guarismo.engine import LARGEST_BATCH, Engine, OnnxEngine
from guarismo.image import Source, Sources, load_gray, load_grays, many
from guarismo.ink import INK_VERSION, SIDE, Framed, frames
from guarismo.model import Model, bundled, load_model
from guarismo.pattern import Constraints
from guarismo.types import Digit, Gray, Inks, ModelInfo, Number, Page

LINES_TOGETHER = 64
"""Lines read at once: they are filled up to the widest, so that more together are no faster."""


class Reader:
    """Reads handwritten digits and numbers. A call changes nothing that can be seen, and may come from any thread.

    ``model`` and ``line_model`` are model directories (or run folders with one in them); None is the bundled one.
    ``engine`` and ``line_engine`` replace the runtime, for tests. ``threads`` 0 uses all cores. The line model is
    loaded when it is first needed. Raises ModelError where a directory is no model that this version can use.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        line_model: str | os.PathLike[str] | None = None,
        *,
        engine: Engine | None = None,
        line_engine: Engine | None = None,
        threads: int = 0,
    ) -> None:
        directory = bundled() if model is None else model_directory(Path(model))
        self._model = load_model(directory, INK_VERSION)
        self._engine = engine or OnnxEngine(self._model.weights, str(directory), threads)
        self._line_directory = bundled("line") if line_model is None else model_directory(Path(line_model))
        self._line_engine, self._threads = line_engine, threads

    @property
    def model(self) -> ModelInfo:
        """Which model reads digits."""
        return self._model.info

    @property
    def line_model(self) -> ModelInfo:
        """Which model reads numbers."""
        return self._line[0].info

    @cached_property
    def _line(self) -> tuple[Model, Engine]:
        model = load_model(self._line_directory, strip.STRIP_VERSION, "line")
        name, shape = str(self._line_directory), (strip.HEIGHT, None)
        return model, self._line_engine or OnnxEngine(model.weights, name, self._threads, shape)

    def digit(self, source: Source) -> Digit:
        """The one digit on a picture. Raises PictureError where it is no picture."""
        return self._read([load_gray(source)])[0]

    def digits(self, sources: Sources) -> list[Digit]:
        """One digit on each picture, in their order. Takes any iterable, or an array (N, H, W[, C])."""
        return list(self.iter_digits(sources))

    def iter_digits(self, sources: Sources) -> Iterator[Digit]:
        """``digits`` one by one, in bounded memory however many there are."""
        grays = load_grays(many(sources))
        while some := self._read(islice(grays, LARGEST_BATCH)):
            yield from some

    def number(self, source: Source, constraints: Constraints | None = None) -> Number:
        """The number written on a picture of one line. Raises PictureError, and UsageError for an impossible
        constraint, before anything is read."""
        return self.numbers([source], constraints)[0]

    def numbers(self, sources: Sources, constraints: Constraints | None = None) -> list[Number]:
        """One number on each picture, in their order. Takes what ``digits`` takes."""
        return list(self.iter_numbers(sources, constraints))

    def iter_numbers(self, sources: Sources, constraints: Constraints | None = None) -> Iterator[Number]:
        """``numbers`` one by one, in bounded memory however many there are."""
        grays = load_grays(many(sources))
        language = decode.language(constraints)
        while some := self._read_lines(islice(grays, LINES_TOGETHER), language):
            yield from some

    def page_of(self, read: Digit | Number, gray: Gray) -> Page:
        """A digit or number read from ``gray`` as a ``Page``, the form in which results leave through the doors."""
        number = decode.as_number(read) if isinstance(read, Digit) else read
        model = self.model if isinstance(read, Digit) else self.line_model
        return Page((number,), (), gray.shape[1], gray.shape[0], model)

    def _read(self, grays: Iterable[Gray]) -> list[Digit]:
        sizes: list[tuple[int, int]] = []
        framed = frames(_noting(grays, sizes))
        logits = self._engine.run(_inks(framed))
        return decode.digits(logits, [one.box for one in framed], sizes, self._model)

    def _read_lines(self, grays: Iterable[Gray], language: Language | None) -> list[Number]:
        sizes: list[tuple[int, int]] = []
        strips = [strip.strip(gray) for gray in _noting(grays, sizes)]
        model, engine = self._line
        numbers = [decode.blank_number(size) for size in sizes]
        for places in strip.alike(strips):
            some = [found for i in places if (found := strips[i]) is not None]
            for place, one, logits in zip(
                places, some, engine.run(strip.stacked([one.ink for one in some])), strict=True
            ):
                numbers[place] = decode.number(logits, one, model, language)
        return numbers


def _noting(grays: Iterable[Gray], sizes: list[tuple[int, int]]) -> Iterator[Gray]:
    """The pictures one by one, each one's (height, width) noted; none is kept."""
    for gray in grays:
        sizes.append((gray.shape[0], gray.shape[1]))
        yield gray


def model_directory(path: Path) -> Path:
    """A run folder holds its model in ``model/``."""
    return path / "model" if (path / "model" / "model.json").is_file() else path


def _inks(framed: list[Framed]) -> Inks:
    return np.stack([one.ink for one in framed]) if framed else np.zeros((0, SIDE, SIDE), np.float32)
