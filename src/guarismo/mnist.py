"""MNIST on this machine: which files it is, where they may lie, and how they are read.

The four files are IDX: two zero bytes, a type code, the number of dimensions, each dimension as a
big-endian uint32, then the values. Nothing here touches the network; ``download.py`` does that.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
import platformdirs
from numpy.typing import NDArray

from guarismo.errors import DatasetError

MNIST_FILES: Final[dict[str, str]] = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
"""SHA-256 of each compressed file, as its authors published it."""

MNIST_CONTENTS: Final[dict[str, str]] = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of what is inside: the same for the plain files and for the arrays of Keras' ``mnist.npz``."""

MNIST_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "train-images-idx3-ubyte.gz": (60_000, 28, 28),
    "train-labels-idx1-ubyte.gz": (60_000,),
    "t10k-images-idx3-ubyte.gz": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte.gz": (10_000,),
}

_KERAS_KEYS = ("x_train", "y_train", "x_test", "y_test")  # in the order of MNIST_FILES
_IDX_DTYPES: dict[int, np.dtype[Any]] = {0x08: np.dtype(np.uint8), 0x0C: np.dtype(">i4")}
_MOST_DIMENSIONS = 4  # pictures need three; a larger number is a damaged header, and numpy has a limit of its own
_CHUNK = 1 << 20  # reading by pieces, a header that lies about its size costs no memory

WAYS_ON = (
    "fetch it with `guarismo data fetch mnist`, copy it from a folder or USB stick with "
    "`guarismo data fetch mnist --from FOLDER`, or train on other digits with `--data digits8x8`: they come with "
    "guarismo[train] and need no network"
)
"""The three ways on where MNIST is missing, the same words in every message."""


@dataclass(frozen=True, slots=True, eq=False)
class Mnist:
    """MNIST in its own order and polarity: ink 255 on paper 0. All arrays are read-only.

    ``train_images`` uint8 (60000, 28, 28), ``train_labels`` uint8 (60000,) within 0..9,
    ``test_images`` uint8 (10000, 28, 28), ``test_labels`` uint8 (10000,) within 0..9.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, compressed or plain (told by its first bytes, not by its name).

    Returns a read-only array with 1 to 4 dimensions: uint8, or int32 in the machine's byte order.
    Raises DatasetError, and nothing else, for a file that is missing, unreadable, cut short, longer
    than its header says, empty, or of another type.
    """
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if compressed else path.open("rb") as stream:
            return _read_stream(stream, path)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DatasetError(
            "{path}: cannot be read as IDX ({reason}): expected a whole .gz or plain IDX file; fetch or copy it again",
            path=path,
            reason=getattr(error, "strerror", None) or str(error) or type(error).__name__,
        ) from error


def _read_stream(stream: _Stream, path: Path) -> NDArray[Any]:
    dtype, shape = _read_header(stream, path)
    expected = math.prod(shape) * dtype.itemsize
    values = _read_at_most(stream, expected + 1)
    if len(values) != expected:
        raise DatasetError(
            "{path}: {came} after the header, expected {expected} bytes for shape {shape}: fetch or copy it again",
            path=path,
            came=_("{count} bytes").format(count=len(values)) if len(values) < expected else _("more bytes"),
            expected=expected,
            shape=shape,
        )
    return read_only(np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False))


def _read_header(stream: _Stream, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_DTYPES or not 1 <= magic[3] <= _MOST_DIMENSIONS:
        raise DatasetError(
            "{path}: begins with {came}, expected an IDX header of type 08 or 0c and 1 to {most} dimensions: "
            "it is another kind of file or damaged; fetch or copy it again",
            path=path,
            came=magic.hex(" ") or _("nothing"),
            most=_MOST_DIMENSIONS,
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DatasetError("{path}: cut short inside its header: fetch or copy it again", path=path)
    shape: tuple[int, ...] = struct.unpack(f">{magic[3]}I", sizes)
    if 0 in shape:
        raise DatasetError("{path}: shape {shape} holds nothing: fetch or copy it again", path=path, shape=shape)
    return _IDX_DTYPES[magic[2]], shape


def _read_at_most(stream: _Stream, size: int) -> bytearray:
    values = bytearray()
    while len(values) < size and (piece := stream.read(min(_CHUNK, size - len(values)))):
        values += piece
    return values


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of an npz file; pickled objects are refused, since loading them can run code.

    Raises DatasetError for a file that is missing, damaged, or holds anything but plain arrays.
    """
    try:
        with zipfile.ZipFile(path):  # np.load also takes .npy and pickles, told by their first bytes
            pass
        with np.load(path, allow_pickle=False) as stored:
            return {key: read_only(np.asarray(stored[key])) for key in stored.files}
    except (
        *(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, struct.error),
        *(NotImplementedError, RuntimeError, MemoryError),  # a compression we lack, a password, sizes that lie
    ) as error:
        raise DatasetError(
            "{path}: cannot be read as npz ({reason}): expected a whole file of plain arrays as numpy.savez writes it",
            path=path,
            reason=getattr(error, "strerror", None) or str(error) or type(error).__name__,
        ) from error


def data_folder() -> Path | None:
    """The folder that ``GUARISMO_DATA`` names (it need not exist), or None where it is unset or empty."""
    named = os.environ.get("GUARISMO_DATA", "")
    return Path(named) if named else None


def cache_folder() -> Path:
    """Where ``guarismo data fetch mnist`` puts the files unless told otherwise."""
    return platformdirs.user_cache_path("guarismo") / "mnist"


def find_mnist(folder: Path | None = None) -> Path:
    """The folder that holds the four files, or the path of Keras' ``mnist.npz``.

    Looks in ``folder`` where one is given, in GUARISMO_DATA, in the cache folder, in Keras' own cache
    (KERAS_HOME is honoured); in each also below ``mnist/``, ``raw/`` and torchvision's ``MNIST/raw/``.
    The first complete one wins. Raises DatasetError, naming three ways on, where there is none.
    """
    roots = list(_roots(folder))
    for root in roots:
        for place in places(root):
            if all(find_file(place, name) for name in MNIST_FILES):
                return place
        for npz in (root, root / "mnist.npz"):
            if npz.suffix == ".npz" and is_file(npz):
                return npz
    raise DatasetError(
        "MNIST is not on this machine (looked in {places}{partly}): {ways}",
        places=", ".join(str(root) for root in roots),
        partly=_partly(roots),
        ways=_(WAYS_ON),
    )


def _roots(folder: Path | None) -> Iterator[Path]:
    for root in (folder, data_folder(), cache_folder()):
        if root is not None:
            yield root
    named = os.environ.get("KERAS_HOME", "")
    try:
        keras = Path(named) if named else Path.home() / ".keras"
    except RuntimeError:  # a user without a home, as in some containers
        return
    yield keras / "datasets" / "mnist.npz"


def places(folder: Path) -> tuple[Path, ...]:
    """Where MNIST may lie in a folder that is named: torchvision unpacks into MNIST/raw below its root."""
    return folder, folder / "mnist", folder / "raw", folder / "MNIST" / "raw"


def _partly(roots: list[Path]) -> str:
    """Names the first folder with some of the files: the reader may wonder why it did not count."""
    for place in (place for root in roots for place in places(root)):
        missing = [name for name in MNIST_FILES if find_file(place, name) is None]
        if len(missing) < len(MNIST_FILES):
            return _("; {place} lacks {missing}").format(place=place, missing=", ".join(missing))
    return ""


def find_file(folder: Path, name: str) -> Path | None:
    """The file of MNIST called ``name`` (a key of MNIST_FILES) in ``folder``, compressed or plain, or None.

    Besides the published names it knows the ones with a point that some unpackers and mirrors write.
    """
    plain = name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    return next((folder / one for one in (name, plain, f"{dotted}.gz", dotted) if is_file(folder / one)), None)


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file that we may see; never raises, whatever the name holds."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a folder closed to us, a NUL inside the name
        return False


def load_mnist(folder: Path | None = None, verify: bool = False) -> Mnist:
    """Load MNIST from where ``find_mnist`` finds it; ``verify`` also compares the SHA-256 of the contents.

    Raises DatasetError where it is missing, damaged, of another shape, or has labels outside 0..9.
    """
    place = find_mnist(folder)
    arrays = read_mnist_arrays(place)
    for name, array in arrays.items():
        _check(array, name, place)
        if verify and content_sha256(array) != MNIST_CONTENTS[name]:
            raise DatasetError(
                "{place}: {name} is not the published one (other SHA-256): {ways}",
                place=place,
                name=name,
                ways=_(WAYS_ON),
            )
    return Mnist(*(array.astype(np.uint8, copy=False) for array in arrays.values()))


def read_mnist_arrays(place: Path) -> dict[str, NDArray[Any]]:
    """The four arrays by the names of MNIST_FILES, not checked yet, from a folder or an ``mnist.npz``."""
    if place.suffix == ".npz":
        stored = read_npz(place)
        missing = [key for key in _KERAS_KEYS if key not in stored]
        if missing:
            raise DatasetError(
                "{place}: has no {missing}, expected {keys}: {ways}",
                place=place,
                missing=", ".join(missing),
                keys=", ".join(_KERAS_KEYS),
                ways=_(WAYS_ON),
            )
        return {name: stored[key] for name, key in zip(MNIST_FILES, _KERAS_KEYS, strict=True)}
    return {name: read_idx(find_file(place, name) or place / name) for name in MNIST_FILES}


def _check(array: NDArray[Any], name: str, place: Path) -> None:
    if array.shape != MNIST_SHAPES[name] or array.dtype != np.uint8:
        raise DatasetError(
            "{place}: {name} is {came} {dtype}, expected {expected} uint8: {ways}",
            place=place,
            name=name,
            came=array.shape,
            dtype=array.dtype,
            expected=MNIST_SHAPES[name],
            ways=_(WAYS_ON),
        )
    if array.ndim == 1 and array.max() > 9:
        raise DatasetError(
            "{place}: {name} holds the label {label}, expected 0 to 9: {ways}",
            place=place,
            name=name,
            label=array.max(),
            ways=_(WAYS_ON),
        )


def load_writers(folder: Path, part: Literal["train", "test"] = "train") -> NDArray[np.int32]:
    """Who wrote each digit of MNIST, by QMNIST's labels: int32, (60000,) for train, (10000,) for test.

    ``folder`` is ``qmnist-labels`` or the folder above it. Splits that choose a model go by writer: a
    writer on both sides makes it look better than it is. Raises DatasetError.
    """
    name = f"qmnist-{part}-labels-idx2-int.gz"
    path = next((one for one in (folder / "qmnist-labels" / name, folder / name) if is_file(one)), folder / name)
    labels = read_idx(path)
    rows = 60_000 if part == "train" else 10_000  # QMNIST's own test set goes on where MNIST's ends
    if labels.ndim != 2 or labels.shape[1] != 8 or len(labels) < rows:
        raise DatasetError(
            "{path}: shape {came}, expected at least {rows} rows of 8: fetch or copy it again",
            path=path,
            came=labels.shape,
            rows=rows,
        )
    return read_only(labels[:rows, 2].astype(np.int32))


def content_sha256(array: NDArray[Any]) -> str:
    """SHA-256 of the plain IDX file that a uint8 array would make, comparable with MNIST_CONTENTS."""
    digest = hashlib.sha256(struct.pack(f">BBBB{array.ndim}I", 0, 0, 0x08, array.ndim, *array.shape))
    digest.update(np.ascontiguousarray(array, dtype=np.uint8).data)
    return digest.hexdigest()


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, closed to writing: what is handed out is shared."""
    array.flags.writeable = False
    return array
