"""A model is a directory: ``model.json``, the weights as ``model.onnx``, and its card ``README.md``.

Loading verifies the SHA-256 of the weights and refuses a directory whose weights were changed, or that is of another
format, or for another ``INK_VERSION``. Nothing in it is executed: no pickles, no Keras files.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from guarismo.errors import ModelError
from guarismo.files import write_whole
from guarismo.types import Look, ModelInfo

MODEL_FORMAT = 1
"""Version of ``model.json``."""

WEIGHTS, DESCRIPTION, CARD = "model.onnx", "model.json", "README.md"

NOT_A_DIGIT = "not_a_digit"
"""The label of the column that says how little a picture is a digit. A model need not have it."""

LINE_LABELS = (*"0123456789.,-/: ", "blank")
"""The columns of a line model: what it reads, and CTC's "nothing" last."""

LARGEST = 50_000_000
"""Bytes of weights beyond which a directory is not one of ours: digit models have half a megabyte to one and a half."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a reading is ``read``, and a picture ``not_a_digit``; probabilities after calibration."""

    read: float
    not_a_digit: float


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model without running it. ``weights`` are the bytes of its ONNX file, verified.

    ``looks`` belong to it, since its temperature and its thresholds stand for readings that were made with them.
    """

    info: ModelInfo
    labels: tuple[str, ...]
    temperature: float
    thresholds: Thresholds
    weights: bytes
    looks: tuple[Look, ...] = ()


Kind = Literal["digit", "line"]
"""What a model reads: one digit, or a line of writing."""


def bundled(name: Kind = "digit") -> Path:
    """The directory of a model that comes with the package."""
    return Path(__file__).parent / "models" / name


def load_model(directory: Path, ink_version: int, kind: Kind = "digit") -> Model:
    """Read and verify a model directory. Raises ModelError: what is wrong, and what to do.

    ``ink_version`` is that of the preprocessing: ``ink.py``'s for digits, ``strip.py``'s for lines.
    """
    if directory == bundled("line") and not directory.exists():
        raise ModelError(
            "no line model comes with this version: train one with `guarismo train line`, and name it with line_model= "
            "or --line-model"
        )
    described = _described(directory)
    try:
        format_version, files = described["format"], dict(described["files"])
        if format_version != MODEL_FORMAT:
            raise ModelError(
                "{path}: a model of format {came}; this version reads format {expected}: export it again",
                path=directory,
                came=format_version,
                expected=MODEL_FORMAT,
            )
        _check_kind(directory, tuple(described["labels"]), kind)
        _check_ink(directory, _whole(described["ink_version"]), ink_version)
        contents = {name: _verified(directory, str(name), str(digest)) for name, digest in files.items()}
        return _model(described, contents[WEIGHTS], str(files[WEIGHTS]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(directory, error) from error


def _model(described: dict[str, Any], weights: bytes, digest: str) -> Model:
    labels = tuple(str(label) for label in described["labels"])
    if labels != LINE_LABELS and (labels[:10] != LINE_LABELS[:10] or labels[10:] not in ((), (NOT_A_DIGIT,))):
        raise ValueError("labels")
    info = ModelInfo(str(described["name"]), str(described["version"]), digest, int(described["ink_version"]))
    limits = described["thresholds"]
    thresholds = Thresholds(_share(limits["read"]), _share(limits[NOT_A_DIGIT]))
    temperature = _number(described["temperature"])
    if temperature <= 0:
        raise ValueError("temperature")
    return Model(info, labels, temperature, thresholds, weights, _looks(described.get("looks", [])))


MOST_LOOKS = 8
"""Each costs as much time as the first look, for what is not clear."""


def _looks(given: Any) -> tuple[Look, ...]:
    looks = tuple(Look(*map(_number, each)) for each in given)
    sizes = all(0.5 <= one.wide <= 2 and 0.5 <= one.tall <= 1.3 for one in looks)
    rest = all(abs(one.lean) <= 0.5 and 0 <= one.bold <= 1 and 0 <= one.sharp <= 10 for one in looks)
    if not sizes or not rest or len(looks) > MOST_LOOKS:
        raise ValueError("looks")
    return looks


def _number(value: Any) -> float:
    """A finite number: JSON lets NaN through, and every comparison with it would be false."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"not a number: {value}")
    return number


def _whole(value: Any) -> int:
    if int(value) != float(value):
        raise ValueError(f"not a whole number: {value}")
    return int(value)


def _share(value: Any) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError(f"not within 0 and 1: {value}")
    return number


def _described(directory: Path) -> dict[str, Any]:
    try:
        described = json.loads((directory / DESCRIPTION).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(
            "{path}: no model there; expected a directory with model.json, as `guarismo train` or `guarismo export` "
            "leaves it",
            path=directory,
        ) from error
    except OSError as error:
        raise ModelError("{path}: cannot be opened ({reason})", path=directory, reason=error.strerror) from error
    except (ValueError, RecursionError) as error:  # the latter from [[[[[...
        raise _damaged(directory, error) from error
    if not isinstance(described, dict):
        raise _damaged(directory, "model.json")
    return described


def _damaged(directory: Path, reason: object) -> ModelError:
    return ModelError(
        "{path}: model.json is damaged ({reason}); export the model again, or take a fresh copy",
        path=directory,
        reason=reason,
    )


def _check_kind(directory: Path, labels: tuple[Any, ...], kind: Kind) -> None:
    came: Kind = "line" if labels == LINE_LABELS else "digit"
    if came != kind:
        raise ModelError(
            "{path}: a {came} model, expected a {kind} model; name the other directory",
            path=directory,
            came=came,
            kind=kind,
        )


def _check_ink(directory: Path, came: int, expected: int) -> None:
    if came != expected:
        raise ModelError(
            "{path}: trained on ink version {came}, this guarismo makes version {expected}: train or export it again, "
            "or install the guarismo that it was made for",
            path=directory,
            came=came,
            expected=expected,
        )


def _verified(directory: Path, name: str, digest: str) -> bytes:
    path = directory / name
    if Path(name).name != name:
        raise ModelError(
            "{path}: model.json names a file outside the model directory ({name}); take a fresh copy",
            path=directory,
            name=name,
        )
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(
            "{path}: missing or not readable; the model directory is not whole: copy it again", path=path
        ) from error
    if len(data) > LARGEST:
        raise ModelError("{path}: more than {most} MB; models of ours are smaller", path=path, most=LARGEST // 10**6)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ModelError(
            "{path}: not the file that was exported (its SHA-256 differs from model.json); copy it again", path=path
        )
    return data


def save_model(directory: Path, described: Mapping[str, Any], weights: bytes, card: str) -> None:
    """Write a model directory: each file to a temporary name and moved, ``model.json`` last.

    ``described`` is what ``model.json`` says, without ``format`` and ``files``. Raises OutputError.
    """
    contents = {WEIGHTS: weights, CARD: card.encode()}
    files = {WEIGHTS: hashlib.sha256(weights).hexdigest()}  # the card is for people, and may be mended
    whole = {"format": MODEL_FORMAT, **described, "files": files}
    contents[DESCRIPTION] = (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()
    for name, data in contents.items():
        write_whole(directory / name, data)


def model_directory(path: Path) -> Path:
    """A run folder holds its model in ``model/``."""
    return path / "model" if (path / "model" / "model.json").is_file() else path
