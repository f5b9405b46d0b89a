"""What guarismo hands out: values without pixels, and the contracts of its arrays.

Arrays (each is read-only when handed out):

    Gray    uint8   (H, W)        0 black ... 255 white, as the eye sees it
    Ink     float32 (28, 28)      0.0 paper ... 1.0 ink, framed as MNIST is: longest side 20, centre of mass at 14
    Inks    float32 (N, 28, 28)   many of them
    Logits  float32 (N, L)        what a model says before softmax, one column for each of its labels;
                                  of lines (N, T, L), with one row for each of their steps
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from guarismo.errors import DataError

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]
Inks = NDArray[np.float32]
Logits = NDArray[np.float32]

As = Literal["digit", "number", "page", "auto"]
"""What is on a picture: one digit, a number in one line, a page; or whichever it is."""

Status = Literal["read", "unsure", "not_a_digit", "blank"]
STATUSES: tuple[Status, ...] = get_args(Status)

ACTED_ON: tuple[Status, ...] = ("read", "unsure")
"""A reading of these is worth showing; of the rest, the best guess is in JSON for who wants it."""

PAGE_FORMAT = 1
"""Version of the dictionary that ``Page.to_dict`` makes. A reader refuses another one."""


@dataclass(frozen=True, slots=True)
class Box:
    """Integer pixels of the caller's picture, origin top left; ``right`` and ``bottom`` are excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def to_dict(self) -> dict[str, Any]:
        return {"left": self.left, "top": self.top, "right": self.right, "bottom": self.bottom}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Box:
        return cls(data["left"], data["top"], data["right"], data["bottom"])


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit. ``value`` is the best guess whatever the status, and None where there is no ink.

    ``confidence`` is calibrated: of a hundred digits at 0.97, ninety-seven are right. It takes into
    account that the picture may be no digit at all, which ``probabilities`` (ten, sum 1) do not.
    """

    value: int | None
    status: Status
    confidence: float
    probabilities: tuple[float, ...]
    box: Box

    @property
    def text(self) -> str:
        return "" if self.value is None else str(self.value)

    def top(self, k: int) -> tuple[tuple[int, float], ...]:
        """The ``k`` likeliest digits with their probabilities, best first; none on blank paper."""
        if self.value is None:
            return ()
        order = sorted(range(10), key=lambda digit: -self.probabilities[digit])
        return tuple((digit, self.probabilities[digit]) for digit in order[: max(k, 0)])

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "status": self.status,
            "confidence": self.confidence,
            "probabilities": list(self.probabilities),
            "box": self.box.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Digit:
        return cls(
            data["value"],
            _status(data["status"]),
            data["confidence"],
            tuple(data["probabilities"]),
            Box.from_dict(data["box"]),
        )


def digits_of(text: str) -> str:
    """A text without its marks and spaces."""
    return "".join(character for character in text if character.isdigit())


def is_single(text: str) -> bool:
    """Whether a text is nothing, or one digit without marks: the digit network is asked for its word then."""
    return text in ("", *"0123456789")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: ``text`` keeps its marks and its leading zeros ("0042", "1.990,50").

    ``confidence`` is for the whole number, marks too; ``alternatives`` are other readings with theirs.
    ``digits_confidence`` is for its digits alone, whatever marks stand between them: never below ``confidence``.
    """

    text: str
    digits: tuple[Digit, ...]
    status: Status
    confidence: float
    box: Box
    alternatives: tuple[tuple[str, float], ...] = ()
    digits_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.digits_confidence >= self.confidence:
            object.__setattr__(self, "digits_confidence", self.confidence)

    @property
    def digits_text(self) -> str:
        return digits_of(self.text)

    def doubted(self) -> Number:
        """The same, and never sure."""
        return replace(self, status="unsure") if self.status == "read" else self

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "status": self.status,
            "confidence": self.confidence,
            "digits_confidence": self.digits_confidence,
            "box": self.box.to_dict(),
            "digits": [digit.to_dict() for digit in self.digits],
            "alternatives": [{"text": text, "confidence": confidence} for text, confidence in self.alternatives],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Number:
        return cls(
            data["text"],
            tuple(Digit.from_dict(digit) for digit in data["digits"]),
            _status(data["status"]),
            data["confidence"],
            Box.from_dict(data["box"]),
            tuple((other["text"], other["confidence"]) for other in data["alternatives"]),
            data.get("digits_confidence", 0.0),
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """A table or a puzzle: ``cells`` is a tuple of rows, an empty cell is None."""

    rows: int
    columns: int
    cells: tuple[tuple[Number | None, ...], ...]
    box: Box

    @property
    def written(self) -> tuple[Number, ...]:
        """What stands in its cells, by rows."""
        return tuple(cell for row in self.cells for cell in row if cell is not None)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "columns": self.columns,
            "box": self.box.to_dict(),
            "cells": [[None if cell is None else cell.to_dict() for cell in row] for row in self.cells],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Grid:
        cells = tuple(tuple(None if cell is None else Number.from_dict(cell) for cell in row) for row in data["cells"])
        return cls(data["rows"], data["columns"], cells, Box.from_dict(data["box"]))


@dataclass(frozen=True, slots=True)
class Look:
    """How what is not clear at first sight is looked at once more: ``wide`` and ``tall`` times its size, its head moved
    to the right against its foot by ``lean`` of its height, its strokes bolder on each side by ``bold`` of a pixel; its
    picture ``sharp`` sharper, in shares of the detail that a slight blur takes, before its paper is taken away.

    What a network makes of a doubtful digit hangs on its size, lean, pen and paper; the mean over several views errs
    less, and knows better when it errs (Krizhevsky, Sutskever and Hinton 2012 took ten crops of a picture).
    """

    wide: float
    tall: float
    lean: float
    bold: float
    sharp: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model gave a reading: enough to find its card and to repeat the reading."""

    name: str
    version: str
    sha256: str
    ink_version: int

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "version": self.version, "sha256": self.sha256, "ink_version": self.ink_version}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelInfo:
        return cls(data["name"], data["version"], data["sha256"], data["ink_version"])


@dataclass(frozen=True, slots=True)
class Page:
    """Everything read from one picture; ``to_dict`` is the one wire format of all doors.

    ``page_number``, from 1, where the picture is a page of a PDF or of a TIFF with several; else None, and not written.
    """

    numbers: tuple[Number, ...]
    grids: tuple[Grid, ...]
    width: int
    height: int
    model: ModelInfo
    page_number: int | None = None

    @property
    def written(self) -> tuple[Number, ...]:
        """All numbers: those outside of grids, then those in them, by rows."""
        return (*self.numbers, *(cell for grid in self.grids for cell in grid.written))

    def to_dict(self) -> dict[str, Any]:
        numbered = {} if self.page_number is None else {"page_number": self.page_number}
        return {
            "format": PAGE_FORMAT,
            **numbered,
            "width": self.width,
            "height": self.height,
            "model": self.model.to_dict(),
            "numbers": [number.to_dict() for number in self.numbers],
            "grids": [grid.to_dict() for grid in self.grids],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Page:
        """Raises DataError where it is no such dictionary, or one of another format version."""
        came = data.get("format") if isinstance(data, dict) else None
        if came != PAGE_FORMAT:
            raise DataError(
                "a page of format {came}; this version reads format {expected}: write it again with this version",
                came=came,
                expected=PAGE_FORMAT,
            )
        try:
            numbers = tuple(Number.from_dict(number) for number in data["numbers"])
            grids = tuple(Grid.from_dict(grid) for grid in data["grids"])
            model, number = ModelInfo.from_dict(data["model"]), data.get("page_number")
            return cls(numbers, grids, data["width"], data["height"], model, number)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError("a page without {reason}, or with something else in its place", reason=error) from error


def _status(name: Any) -> Status:
    if name not in STATUSES:
        raise DataError("status {came!r}; expected one of {expected}", came=name, expected=", ".join(STATUSES))
    return name  # type: ignore[no-any-return]
