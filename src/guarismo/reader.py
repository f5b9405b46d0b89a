"""``Reader``: from whatever a person has to what is written on it.

It wires the stages, each of which can be used alone:
``image.load_gray`` → ``ink.frame`` → ``engine.run`` → ``decode.digits`` for one digit to a picture,
``image.load_gray`` → ``strip.strip`` → ``engine.run`` → ``hearing.Hearing`` → ``decode.number`` for a written number;
``page`` for many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guarismo import decode, hearing, strip
from guarismo.engine import LARGEST_BATCH, Engine, OnnxEngine
from guarismo.errors import PictureError
from guarismo.image import Source, Sources, load_gray, load_grays, many
from guarismo.ink import INK_VERSION
from guarismo.model import bundled, load_model, model_directory
from guarismo.networks import DigitNetwork, LineNetwork, either
from guarismo.papers import MAX_PAGES
from guarismo.papers import paper as opened
from guarismo.pattern import Constraints
from guarismo.types import Digit, Gray, Logits, ModelInfo, Number, Page


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
        model_ = load_model(directory, INK_VERSION)
        self._digits = DigitNetwork(model_, engine or OnnxEngine(model_.weights, str(directory), threads))
        self._line_directory = bundled("line") if line_model is None else model_directory(Path(line_model))
        self._line_engine, self._threads = line_engine, threads

    @property
    def model(self) -> ModelInfo:
        """Which model reads digits."""
        return self._digits.model.info

    @property
    def line_model(self) -> ModelInfo:
        """Which model reads numbers."""
        return self._lines.model.info

    @cached_property
    def _lines(self) -> LineNetwork:
        model = load_model(self._line_directory, strip.STRIP_VERSION, "line")
        name, shape = str(self._line_directory), (strip.HEIGHT, None)
        engine = self._line_engine or OnnxEngine(model.weights, name, self._threads, shape)
        return LineNetwork(model, engine, self._digits)

    def digit(self, source: Source) -> Digit:
        """The one digit on a picture. Raises PictureError where it is no picture."""
        return self._digits.read([load_gray(source)])[0]

    def digits(self, sources: Sources) -> list[Digit]:
        """One digit on each picture, in their order. Takes any iterable, or an array (N, H, W[, C])."""
        return list(self.iter_digits(sources))

    def iter_digits(self, sources: Sources) -> Iterator[Digit]:
        """``digits`` one by one, in bounded memory however many there are."""
        grays = load_grays(many(sources))
        while some := self._digits.read(islice(grays, LARGEST_BATCH)):
            yield from some

    def begun(self, grays: Iterable[Gray]) -> Callable[[], list[Digit]]:
        """``digits`` of open pictures, as one batch and in two halves: their ink is found at once; what is returned
        gives the digits, and spends its time in the network, where other threads can work."""
        return self._digits.begun(grays)

    def number(self, source: Source, constraints: Constraints | None = None) -> Number:
        """The number written on a picture of one line. Raises PictureError; before anything is opened, UsageError for
        constraints that no number can meet, and ModelError where there is no line model."""
        return next(self._numbers(map(load_gray, [source]), constraints))

    def numbers(self, sources: Sources, constraints: Constraints | None = None) -> list[Number]:
        """One number on each picture, in their order. Takes what ``digits`` takes."""
        return list(self.iter_numbers(sources, constraints))

    def iter_numbers(self, sources: Sources, constraints: Constraints | None = None) -> Iterator[Number]:
        """``numbers`` one by one, in bounded memory however many there are."""
        return self._numbers(load_grays(many(sources)), constraints)

    def readings(self, sources: Sources, constraints: Constraints | None = None) -> list[Digit | Number]:
        """The digit or the number on each picture, whichever it is. The line model says how many characters there are;
        where it sees one digit or nothing, the digit model says what it is, unless there are constraints."""
        language, grays = hearing.language(constraints), load_grays(many(sources))
        return either(self._digits, self._lines, grays, language, free=constraints is None)

    def page(self, source: Source) -> Page:
        """Everything on a sheet: numbers in lines and boxes, grids; of a PDF or TIFF the first page. Things that are no
        numbers come as "not_a_digit". Raises what ``number`` raises."""
        return next(self.pages(source, 1))

    def pages(self, source: Source, most: int = MAX_PAGES) -> Iterator[Page]:
        """The same of each page, up to ``most``. Where some cannot be read, the first one's error comes at the end."""
        paper = opened(source)
        errors = []
        for number, gray in enumerate(paper.pages(most), 1):
            if isinstance(gray, PictureError):
                errors.append(gray)
            else:
                yield self.sheet(gray, number if paper.numbered else None)
        if errors:
            raise errors[0]

    def sheet(self, gray: Gray, page_number: int | None = None) -> Page:
        """``page`` of a picture that is open, with its number in the paper that it comes from."""
        from guarismo import page  # and all that finds things on it: 20 ms that reading a digit is spared

        found = page.read(gray, self._digits, self._lines)
        return Page(found.numbers, found.grids, gray.shape[1], gray.shape[0], self.line_model, page_number)

    def logits(self, name: Literal["digit", "line"], inputs: NDArray[np.float32]) -> Logits:
        """What the network says, unread: of ink float32 (N, 28, 28), (N, 11); of strips (N, 48, W), (N, T, 17)."""
        return (self._digits if name == "digit" else self._lines).engine.run(inputs)

    def page_of(self, read: Digit | Number, gray: Gray) -> Page:
        """A digit or number read from ``gray`` as a ``Page``, the form in which results leave through the doors."""
        number = decode.as_number(read) if isinstance(read, Digit) else read
        model = self.model if isinstance(read, Digit) else self.line_model
        return Page((number,), (), gray.shape[1], gray.shape[0], model)

    def _numbers(self, grays: Iterator[Gray], constraints: Constraints | None) -> Iterator[Number]:
        language, lines = hearing.language(constraints), self._lines
        return lines.read(grays, language)
