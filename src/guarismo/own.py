"""People's own digits: folders, lists and arrays, and everything that is wrong with them at once.

Somebody with a thousand pictures and three mistakes wants to hear of the three together, before any
training starts; so the readers note what they meet and go on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo.errors import DatasetError, PictureError
from guarismo.image import load_gray
from guarismo.levels import full_scale, scaled
from guarismo.mnist import is_file, read_npz
from guarismo.types import Gray

_MOST_BYTES = 4 << 30
"""Own pictures are kept decoded. Beyond 4 GB an ordinary machine swaps or is stopped; a thousand phone
photos are 12 GB where the digits cut from them are 50 MB, so the message asks for the latter."""

_PATH_TITLES = ("path", "file", "filename", "file_name", "image", "picture", "name")
"""The likeliest first: a list with files may have the names of those who wrote, too."""

_LABEL_TITLES = {"label", "digit", "class", "value", "target", "y"}


NUMBERS = "numbers"
"""Folder of exported corrections with pictures of whole numbers: beside the digits, and none of them."""


@dataclass(slots=True)
class Found:
    """What was read, and everything that was wrong with it. ``images`` are ``Gray``; labels lie within 0..9."""

    images: list[Gray] | NDArray[np.uint8] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def label(self, value: object, name: str) -> bool:
        """Note the label and the name, or that the label is wrong."""
        label = label_of(value)
        if label is None:
            self.wrong.append(_("{name} as {value!r}").format(name=name, value=value))
        else:
            self.labels.append(label)
            self.names.append(name)
        return label is not None

    def read(self, source: Path, name: str) -> Gray | None:
        """The picture, or None and a note; a picture with a wrong label is looked at too."""
        try:
            return load_gray(source)
        except PictureError as error:
            reason = error.in_words().removeprefix(f"{source}: ").split(";")[0]
            self.unreadable.append(f"{name} ({reason})")
            return None

    def problems(self, classes_required: bool, least: int) -> list[str]:
        """One phrase for each kind of mistake; empty where all is well. Options as in ``load_own``."""
        counts = np.bincount(np.array(self.labels, dtype=np.int64), minlength=10)
        missing = [str(digit) for digit in range(10) if counts[digit] == 0 and classes_required]
        few = [f"{digit} ({counts[digit]})" for digit in range(10) if 0 < counts[digit] < least]
        said = list(self.other)
        if self.wrong:
            words = ngettext(
                "{count} wrong label ({names}), expected 0 to 9",
                "{count} wrong labels ({names}), expected 0 to 9",
                len(self.wrong),
            )
            said.append(_counted(words, self.wrong))
        if self.unreadable:
            words = ngettext(
                "{count} unreadable picture ({names})", "{count} unreadable pictures ({names})", len(self.unreadable)
            )
            said.append(_counted(words, self.unreadable))
        if not self.labels:
            said.append(
                _("no picture that can be used, expected some in folders 0/ ... 9/ or listed with labels 0 to 9")
            )
        elif missing:
            said.append(_("no picture of {digits}").format(digits=", ".join(missing)))
        if few:
            words = _("too few of {digits}, expected at least {least} of each")
            said.append(words.format(digits=", ".join(few), least=least))
        return said


def _counted(words: str, items: list[str]) -> str:
    """``4 wrong labels (a, b, c and 1 more)``."""
    names = ", ".join(items[:3])
    if len(items) > 3:
        names = _("{names} and {count} more").format(names=names, count=len(items) - 3)
    return words.format(count=len(items), names=names)


def find_own(path: Path) -> Found:
    """Read a folder, a list or an npz as ``load_own`` describes them; raises DatasetError where it is none."""
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return _from_folders(path)
        if is_file(path) and suffix == ".npz":
            return _from_npz(path)
        if is_file(path) and suffix in (".csv", ".tsv", ".txt"):
            return _from_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(
            "{path}: cannot be read ({reason}): check that you may read it and that a CSV is saved as UTF-8 text",
            path=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error
    raise DatasetError(
        "{path}: {came}, expected a folder of folders 0/ ... 9/, a .csv of path,label, or an .npz with x and y: "
        "name one of these",
        path=path,
        came=_("another kind of file") if is_file(path) else _("no such file or folder"),
    )


def _from_folders(path: Path) -> Found:
    listed: list[tuple[Path, str, object]] = []
    strange = []
    for folder in sorted(one for one in path.iterdir() if one.is_dir()):
        files = [file for file in sorted(folder.rglob("*")) if is_file(file)]
        pictures = [(file, file.relative_to(path)) for file in files]
        pictures = [(file, name) for file, name in pictures if not any(_hidden(part) for part in name.parts)]
        if label_of(folder.name) is not None:
            listed += [(file, name.as_posix(), folder.name) for file, name in pictures]
        elif pictures and folder.name != NUMBERS:
            words = ngettext("folder {name} with {count} file", "folder {name} with {count} files", len(pictures))
            strange.append(words.format(name=folder.name, count=len(pictures)))
    found = _read_all(listed)
    found.wrong += strange
    return found


def _read_all(listed: Iterable[tuple[Path, str, object]]) -> Found:
    """Read each (file, name for messages, label as written)."""
    found = Found()
    images: list[Gray] = []
    size = 0
    for source, name, value in listed:
        image = found.read(source, name)
        size += 0 if image is None else image.nbytes
        if size > _MOST_BYTES:
            raise DatasetError(
                "{name}: up to here the pictures take {limit} GB decoded: cut the digits out or scale them down first",
                name=name,
                limit=_MOST_BYTES >> 30,
            )
        if image is not None or label_of(value) is None:  # an unreadable picture counts for no digit
            right = found.label(value, name)
            images += [image] if image is not None and right else []
    found.images = images
    return found


def _hidden(name: str) -> bool:
    """What computers leave behind in folders unasked."""
    return name.startswith((".", "__MACOSX")) or name.lower() in ("thumbs.db", "desktop.ini")


def label_of(value: object) -> int | None:
    """0..9, or None. Spreadsheets write 7 as ``7.0`` when another cell of the column is empty."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number in range(10) else None


def _from_csv(path: Path) -> Found:
    rows = _csv_rows(path)
    at_path, at_label, header = _columns(rows[0], path.parent) if rows else (0, 1, False)
    rows = rows[1:] if header else rows
    short = [row for row in rows if len(row) <= max(at_path, at_label)]
    whole = [row for row in rows if len(row) > max(at_path, at_label)]
    found = _read_all((_listed(path.parent, row[at_path]), row[at_path], row[at_label]) for row in whole)
    found.wrong += [_("{row} without one").format(row=",".join(row)) for row in short]
    return found


def _csv_rows(path: Path) -> list[list[str]]:
    """The rows with something in them, cells stripped, split by the separator that gives most labels."""
    text = path.read_text(encoding="utf-8-sig")
    start = text.splitlines()[:50]

    def labels(separator: str) -> int:
        rows = [row for row in csv.reader(start, delimiter=separator) if len(row) > 1]
        return sum(label_of(row[-1]) is not None or label_of(row[0]) is not None for row in rows)

    separator = max(",;\t", key=lambda one: (labels(one), sum(one in line for line in start)))
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
    return [row for row in rows if any(row)]


def _columns(first: list[str], folder: Path) -> tuple[int, int, bool]:
    """Where the path and the label stand, and whether the first row is a header."""
    titles = [cell.lower() for cell in first]
    at_path = next((titles.index(title) for title in _PATH_TITLES if title in titles), None)
    at_label = next((index for index, title in enumerate(titles) if title in _LABEL_TITLES), None)
    if at_path is not None and at_label is not None:
        return at_path, at_label, True
    # Titles in another language: no number, and nothing that could be a file's name. A row that is only
    # mistyped has a name with an extension, and must be reported, not taken for a header.
    header = not any(label_of(cell) is not None or Path(cell).suffix or is_file(folder / cell) for cell in first)
    return 0, 1, header


def _listed(folder: Path, name: str) -> Path:
    path = folder / name
    return path if is_file(path) else folder / name.replace("\\", "/")  # a list written on Windows


def _from_npz(path: Path) -> Found:
    stored = read_npz(path)
    images = next((stored[key] for key in ("x", "images", "x_train") if key in stored), None)
    labels = next((stored[key] for key in ("y", "labels", "y_train") if key in stored), None)
    if images is None or labels is None:
        raise DatasetError(
            "{path}: holds {came}, expected x and y, images and labels, or x_train and y_train: save it again so",
            path=path,
            came=", ".join(stored) or _("nothing"),
        )
    found = Found(images=_levels(images, path))
    values = labels.ravel().tolist()
    if len(values) != len(images):
        words = _("{pictures} pictures but {labels} labels (shape {shape}), expected as many")
        found.other.append(words.format(pictures=len(images), labels=len(values), shape=labels.shape))
    for index, value in enumerate(values[: len(images)]):
        found.label(value, f"{path.name}#{index}")
    return found


SOME = 10_000
"""Pictures of a stack scaled at once: as floats all of them would take eight times their memory."""


def _levels(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """Any stack of pictures → uint8 (N, H, W), one scale for all of them: a faint one stays faint."""
    side = int(images[0].size ** 0.5) if images.ndim == 2 and images.size else 0
    if side and side * side == images.shape[1]:
        images = images.reshape(-1, side, side)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    shaped = images.size and (images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (3, 4)))
    if not shaped or images.dtype.kind not in "buif":
        raise DatasetError(
            "{path}: pictures of shape {shape} and type {dtype}, expected numbers (N, H, W) or (N, H, W, 1|3|4): "
            "save it again so",
            path=path,
            shape=images.shape,
            dtype=images.dtype,
        )
    low, high = float(images.min()), float(images.max())
    try:
        black, white = full_scale(low, high, images.dtype.kind == "f")
    except PictureError as error:
        raise DatasetError(
            "{path}: pictures with values {low:g} ... {high:g}, expected 0..1, -1..1, 0..255 or 0..65535: "
            "save it again so",
            path=path,
            low=low,
            high=high,
        ) from error
    if images.dtype != np.uint8 or white != 255:
        images = np.concatenate(
            [scaled(some, black, white) for some in np.array_split(images, 1 + len(images) // SOME)]
        )
    return images if images.ndim == 3 else np.stack([load_gray(image) for image in images])
