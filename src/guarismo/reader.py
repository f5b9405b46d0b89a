"""``Reader``: from whatever a person has to what is written on it.

It wires the stages, each of which can be used alone:
``image.load_gray`` → ``ink.frame`` → ``engine.run`` → ``decode.digits``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo import decode
from guarismo.engine import LARGEST_BATCH, Engine, OnnxEngine
from guarismo.errors import DataError, UsageError
from guarismo.image import Source, load_gray
from guarismo.ink import INK_VERSION, SIDE, Framed, frames
from guarismo.model import bundled, load_model
from guarismo.types import Digit, Gray, Inks, ModelInfo, Page

Sources = Iterable[Source] | NDArray[Any]


class Reader:
    """Reads handwritten digits. Holds a model; a call changes nothing, and may come from any thread.

    ``model`` is a model directory (or a run folder with one in it); None is the bundled one.
    ``engine`` replaces the runtime, for tests. ``threads`` 0 uses all cores.
    Raises ModelError where the directory is not a model that this version can use.
    """

    def __init__(
        self, model: str | os.PathLike[str] | None = None, *, engine: Engine | None = None, threads: int = 0
    ) -> None:
        directory = bundled() if model is None else model_directory(Path(model))
        self._model = load_model(directory, INK_VERSION)
        self._engine = engine or OnnxEngine(self._model.weights, str(directory), threads)

    @property
    def model(self) -> ModelInfo:
        """Which model reads."""
        return self._model.info

    def digit(self, source: Source) -> Digit:
        """The one digit on a picture. Raises PictureError where it is no picture."""
        return self._read([load_gray(source)])[0]

    def digits(self, sources: Sources) -> list[Digit]:
        """One digit on each picture, in their order. Takes any iterable, or an array (N, H, W[, C])."""
        return list(self.iter_digits(sources))

    def iter_digits(self, sources: Sources) -> Iterator[Digit]:
        """``digits`` one by one, in bounded memory however many there are."""
        grays = _grays(_checked(sources))
        while some := self._read(islice(grays, LARGEST_BATCH)):
            yield from some

    def digit_page(self, source: Source) -> Page:
        """The one digit on a picture as a ``Page``, the form in which results leave through the doors."""
        gray = load_gray(source)
        return self.page_of(self._read([gray])[0], gray)

    def page_of(self, digit: Digit, gray: Gray) -> Page:
        """A digit read from ``gray`` as a ``Page``."""
        return Page((decode.as_number(digit),), (), gray.shape[1], gray.shape[0], self.model)

    def _read(self, grays: Iterable[Gray]) -> list[Digit]:
        sizes: list[tuple[int, int]] = []
        framed = frames(_noting(grays, sizes))
        logits = self._engine.run(_inks(framed))
        return decode.digits(logits, [one.box for one in framed], sizes, self._model)


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


def _checked(sources: Sources) -> Iterable[Source]:
    if isinstance(sources, np.ndarray) and sources.ndim < 3:
        raise UsageError(
            "an array of shape {shape} is one picture; digits() takes many: use digit(), or give (N, H, W)",
            shape=sources.shape,
        )
    colour = isinstance(sources, np.ndarray) and sources.ndim == 3 and sources.shape[2] in (3, 4)
    one = isinstance(sources, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(sources, "read")
    if colour or one or not hasattr(sources, "__iter__"):
        raise UsageError(
            "digits() takes many pictures and was given one ({came}); use digit(), or put it in a list",
            came=type(sources).__name__,
        )
    return sources


def _grays(sources: Iterable[Source]) -> Iterator[Gray]:
    for number, source in enumerate(sources):
        try:
            yield load_gray(source)
        except DataError as error:
            template = "picture {number} (from 0): " + error.template
            raise type(error)(template, number=number, **error.fields) from error
