"""Readers of labelled digits → arrays: MNIST, people's own data, and the sets used for measuring.

Nothing here knows a framework, downloads, or prepares ink: pictures come out as ``Gray``, as the eye
sees them, and ``ink.py`` does the rest. MNIST's files are read by ``mnist.py``, people's folders and
lists by ``own.py``; both are offered here.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guarismo.errors import DatasetError, PictureError
from guarismo.image import load_gray
from guarismo.mnist import (
    MNIST_FILES,
    Mnist,
    data_folder,
    find_mnist,
    load_mnist,
    load_writers,
    read_idx,
    read_only,
)
from guarismo.own import find_own, label_of
from guarismo.types import Gray

__all__ = [
    "MNIST_FILES",
    "Digits",
    "Mnist",
    "data_folder",
    "find_mnist",
    "load_digits8x8",
    "load_mnist",
    "load_optdigits",
    "load_orand_boxes",
    "load_own",
    "load_pendigits",
    "load_writers",
    "read_idx",
]


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Pictures of single digits with what they show.

    ``images``: N ``Gray``, uint8, 0 black ... 255 white as the eye sees them: a tuple where sizes differ,
    else an array (N, H, W). ``labels``: int64 (N,) within 0..9. ``names``: N names for messages, the path
    or the place in its file. Arrays are read-only.
    """

    images: tuple[Gray, ...] | NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


def load_digits8x8() -> Digits:
    """The 1,797 real digits that come inside scikit-learn; needs neither network nor files.

    Images uint8 (1797, 8, 8), dark ink on light paper (their 0 ... 16 turned into 255 ... 0).
    Raises DatasetError where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DatasetError(
            "the data set digits8x8 comes with scikit-learn, which is not installed: pip install 'guarismo[train]'"
        ) from error
    stored = load_digits()
    images = np.rint(255 - stored.images * (255 / 16)).astype(np.uint8)
    return _digits(images, stored.target, [f"digits8x8#{index}" for index in range(len(images))])


def _digits(images: list[Gray] | NDArray[np.uint8], labels: Sequence[int], names: Sequence[str]) -> Digits:
    stored = tuple(images) if isinstance(images, list) else read_only(images)
    return Digits(stored, read_only(np.array(labels, dtype=np.int64)), tuple(names))


def load_own(path: Path, *, classes_required: bool = True, least: int = 1) -> Digits:
    """Read somebody's own digits.

    ``path`` is a folder of folders ``0/ ... 9/`` with pictures (looked through to any depth, hidden files
    skipped); or a CSV of path,label, paths relative to it, with or without a header, separated by commas,
    semicolons or tabs, UTF-8; or an npz with x or images (N, H, W) or (N, H, W, 1|3|4) and y or labels (N,),
    or with Keras' x_train and y_train (x_test and y_test stay unread: they are for the final figure).

    Returns ``Digits`` in the order of the names; polarity is left as it is. Raises one DatasetError that
    names everything wrong: labels, unreadable pictures, digits with no picture at all (unless
    ``classes_required`` is false), digits with fewer than ``least`` pictures.
    """
    found = find_own(path)
    problems = found.problems(classes_required, least)
    if problems:
        raise DatasetError(
            "{path}: {problems}: put this right and run it again", path=path, problems="; ".join(problems)
        )
    return _digits(found.images, found.labels, found.names)


def load_optdigits(folder: Path) -> Digits:
    """UCI's un-normalised digits: uint8 (1934, 32, 32), two levels, dark ink 0 on paper 255.

    ``folder`` is ``optdigits`` or the folder above it. Raises DatasetError.
    """
    path = _below(folder, "optdigits") / "optdigits-orig.tra.gz"
    lines = [line for line in _text(path).splitlines() if line.strip()]
    begin = next((index for index, line in enumerate(lines) if len(line) == 32 and set(line) <= {"0", "1"}), 0)
    blocks = [lines[index : index + 33] for index in range(begin, len(lines), 33)]
    labels = [label_of(block[-1]) for block in blocks]
    bits = "".join(line for block in blocks for line in block[:32])
    if not begin or None in labels or len(bits) != 1024 * len(blocks) or not set(bits) <= {"0", "1"}:
        raise _damaged(path, _("blocks of 32 lines of 32 characters 0 or 1, each with its label below"))
    paper = np.frombuffer(bits.encode("ascii"), np.uint8).reshape(-1, 32, 32) == ord("0")
    names = [f"{path.name}#{index}" for index in range(len(blocks))]
    return _digits(paper.astype(np.uint8) * np.uint8(255), [label or 0 for label in labels], names)


def load_pendigits(folder: Path, part: Literal["tra", "tes"] = "tra") -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """UCI's pen trajectories: points float32 (N, 8, 2), x and y within 0..100 with **y upwards**, in the order
    of writing and joined into one stroke; labels int64 (N,). N is 7494 for "tra" and 3498 for "tes", which
    other people wrote. ``folder`` is ``pendigits`` or the folder above it. Raises DatasetError.
    """
    path = _below(folder, "pendigits") / f"pendigits.{part}"
    rows = [line.split(",") for line in _text(path).split()]
    expected = _("lines of 16 numbers within 0..100 and one of ten characters set")
    if not rows or any(len(row) != 17 or len(row[16]) != 10 or sorted(row[16]) != [*"000000000", "1"] for row in rows):
        raise _damaged(path, expected)
    try:
        points = np.array([row[:16] for row in rows], dtype=np.float32).reshape(-1, 8, 2)
    except ValueError as error:
        raise _damaged(path, expected) from error
    if not (points.min() >= 0 and points.max() <= 100):
        raise _damaged(path, expected)
    return read_only(points), read_only(np.array([row[16].index("1") for row in rows], dtype=np.int64))


def load_orand_boxes(folder: Path) -> Digits:
    """Each labelled digit of ORAND-CAR-A, cut from its cheque by its box: ``Gray`` of many sizes.

    Boxes are clipped to the picture; one with nothing left is skipped. Names are the picture's name and
    the place of the digit in its list, from 0: ``a_car_000154.jpg#2``. For measuring only, never for training.
    ``folder`` is ``orand-car-a`` or the folder above it. Raises DatasetError.
    """
    folder = _below(folder, "orand-car-a")
    path = folder / "labels.json"
    images: list[Gray] = []
    labels: list[int] = []
    names: list[str] = []
    try:
        for entry in json.loads(_text(path)):
            gray = load_gray(folder / str(entry["file"]))
            for index, (left, top, width, height, label) in enumerate(entry["digits"]):
                cut = gray[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
                if cut.size:
                    images.append(read_only(cut.copy()))
                    labels.append(range(10).index(int(label)))
                    names.append(f"{Path(entry['file']).name}#{index}")
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path, _("a list of pictures with file and digits [x, y, w, h, label]")) from error
    except PictureError as error:
        raise DatasetError("{path}: {reason}", path=path, reason=error.in_words()) from error
    return _digits(images, labels, names)


def _below(folder: Path, name: str) -> Path:
    """``folder/name`` where that is a folder, else ``folder`` itself: callers name either."""
    return folder / name if (folder / name).is_dir() else folder


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DatasetError(
            "{path}: cannot be read ({reason}): fetch or copy it again",
            path=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def _damaged(path: Path, expected: str) -> DatasetError:
    return DatasetError("{path}: damaged, expected {expected}: copy it again", path=path, expected=expected)
