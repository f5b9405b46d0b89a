from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from guarismo import datasets, mnist
from guarismo.errors import DatasetError

WAYS = ("guarismo data fetch mnist`", "guarismo data fetch mnist --from FOLDER", "--data digits8x8")


def idx_bytes(array: NDArray[Any]) -> bytes:
    code = {"u": 0x08, "i": 0x0C}[array.dtype.kind]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which MNIST lies nowhere."""
    monkeypatch.delenv("GUARISMO_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("guarismo.mnist.cache_folder", lambda: tmp_path / "cache" / "guarismo" / "mnist")
    return tmp_path


@pytest.fixture
def small_mnist(monkeypatch: pytest.MonkeyPatch) -> dict[str, NDArray[np.uint8]]:
    """Three pictures for training and two for the test, published as if they were MNIST."""
    random = np.random.default_rng(1)
    arrays: dict[str, NDArray[np.uint8]] = {}
    for part, count in (("train", 3), ("t10k", 2)):
        arrays[f"{part}-images-idx3-ubyte.gz"] = random.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[f"{part}-labels-idx1-ubyte.gz"] = random.integers(0, 10, count, np.uint8)
    for name, array in arrays.items():
        monkeypatch.setitem(mnist.MNIST_SHAPES, name, array.shape)
        monkeypatch.setitem(mnist.MNIST_CONTENTS, name, hashlib.sha256(idx_bytes(array)).hexdigest())
    return arrays


def write_mnist(folder: Path, arrays: dict[str, NDArray[np.uint8]], compressed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        data = idx_bytes(array)
        (folder / (name if compressed else name.removesuffix(".gz"))).write_bytes(
            gzip.compress(data) if compressed else data
        )
    return folder


def write_npz(path: Path, **arrays: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


# IDX


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.array([[1, -2], [2**31 - 1, -(2**31)]], np.int32),
        np.array([7], np.uint8),
    ],
)
def test_idx_comes_back_as_it_was_written(tmp_path: Path, array: NDArray[Any], pack: Any) -> None:
    path = tmp_path / "some.idx"
    path.write_bytes(pack(idx_bytes(array)))
    read = datasets.read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert not read.flags.writeable
    np.testing.assert_array_equal(read, array)


WHOLE = idx_bytes(np.arange(12, dtype=np.uint8).reshape(3, 4))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0",
        WHOLE[:7],
        WHOLE[:-1],
        WHOLE + b"x",
        b"\1" + WHOLE[1:],
        b"\0\0\x0d\1\0\0\0\1\0\0\0\0",
        b"\0\0\x08\0",
        b"\0\0\x08\x09" + b"\0\0\0\1" * 9 + b"x",
        b"\0\0\x08\1\0\0\0\0",
        b"\0\0\x0c\4" + b"\xff" * 16 + b"xyz",
        gzip.compress(WHOLE)[:-9],
        gzip.compress(WHOLE)[:12] + b"\xff\xff\xff" + gzip.compress(WHOLE)[15:],
        b"\x1f\x8b",
    ],
)
def test_a_damaged_idx_is_an_error_that_names_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz: "):
        datasets.read_idx(path)


def test_an_idx_that_cannot_be_opened_is_an_error_of_ours(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path, Path("a\0b")):
        with pytest.raises(DatasetError):
            datasets.read_idx(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from([b"", b"\0\0\x08", b"\0\0\x0c\1\0\0\0", b"\0\0\x08\2\0\0\0"]), rest=st.binary(max_size=80))
@example(head=b"\0\0\x08\1\0\0\0", rest=b"\2ab")
@example(head=b"\x1f\x8b\x08", rest=b"\0" * 20)
def test_any_bytes_are_an_array_or_an_error_of_ours(tmp_path: Path, head: bytes, rest: bytes) -> None:
    for name, data in (("plain", head + rest), ("packed", gzip.compress(head + rest, 1))):
        path = tmp_path / name
        path.write_bytes(data)
        try:
            read = datasets.read_idx(path)
        except DatasetError:
            pass
        else:
            assert read.dtype in (np.uint8, np.int32)
            assert read.size


# MNIST: where it lies


def test_without_mnist_one_message_names_three_ways_on(nowhere: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        datasets.load_mnist()
    text = str(caught.value)
    assert "\n" not in text
    assert all(way in text for way in WAYS)
    assert str(nowhere / "keras" / "datasets" / "mnist.npz") in text


@pytest.mark.parametrize("below", ["", "mnist", "raw", "MNIST/raw"])
@pytest.mark.parametrize("compressed", [True, False])
def test_mnist_is_found_in_a_folder_however_it_was_put_there(
    nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]], below: str, compressed: bool
) -> None:
    place = write_mnist(nowhere / "given" / below, small_mnist, compressed)
    assert datasets.find_mnist(nowhere / "given") == place
    loaded = datasets.load_mnist(nowhere / "given", verify=True)
    fields = (loaded.train_images, loaded.train_labels, loaded.test_images, loaded.test_labels)
    for read, array in zip(fields, small_mnist.values(), strict=True):
        np.testing.assert_array_equal(read, array)
        assert read.dtype == np.uint8
        assert not read.flags.writeable


def test_the_first_complete_place_wins(
    nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = dict(zip(("x_train", "y_train", "x_test", "y_test"), small_mnist.values(), strict=True))
    npz = write_npz(nowhere / "keras" / "datasets" / "mnist.npz", **keys)
    assert datasets.find_mnist() == npz
    cache = write_mnist(nowhere / "cache" / "guarismo" / "mnist", small_mnist)
    assert datasets.find_mnist() == cache
    named = write_mnist(nowhere / "data" / "mnist", small_mnist)
    monkeypatch.setenv("GUARISMO_DATA", str(nowhere / "data"))
    assert datasets.data_folder() == nowhere / "data"
    assert datasets.find_mnist() == named
    given_one = write_mnist(nowhere / "given", small_mnist)
    assert datasets.find_mnist(nowhere / "given") == given_one
    (given_one / "t10k-labels-idx1-ubyte.gz").unlink()
    assert datasets.find_mnist(nowhere / "given") == named


def test_an_incomplete_place_is_named(nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]]) -> None:
    (write_mnist(nowhere / "given", small_mnist) / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DatasetError, match=r"given lacks t10k-labels-idx1-ubyte\.gz"):
        datasets.find_mnist(nowhere / "given")


def test_names_with_a_point_are_known(nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]]) -> None:
    place = write_mnist(nowhere / "given", small_mnist, compressed=False)
    (place / "train-images-idx3-ubyte").rename(place / "train-images.idx3-ubyte")
    assert datasets.find_mnist(place) == place


def test_keras_own_file_is_read_and_verified(nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]]) -> None:
    keys = dict(zip(("x_train", "y_train", "x_test", "y_test"), small_mnist.values(), strict=True))
    write_npz(nowhere / "keras" / "datasets" / "mnist.npz", **keys)
    loaded = datasets.load_mnist(verify=True)
    np.testing.assert_array_equal(loaded.test_images, keys["x_test"])
    write_npz(nowhere / "keras" / "datasets" / "mnist.npz", x_train=keys["x_train"])
    with pytest.raises(DatasetError, match="y_train"):
        datasets.load_mnist()


def test_a_changed_pixel_is_seen_when_verified(nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]]) -> None:
    place = write_mnist(nowhere / "given", small_mnist)
    changed = small_mnist["train-images-idx3-ubyte.gz"].copy()
    changed[0, 0, 0] ^= 1
    write_mnist(place, {"train-images-idx3-ubyte.gz": changed})
    datasets.load_mnist(place)
    with pytest.raises(DatasetError, match="SHA-256"):
        datasets.load_mnist(place, verify=True)


def test_other_shapes_and_labels_are_refused(nowhere: Path, small_mnist: dict[str, NDArray[np.uint8]]) -> None:
    place = write_mnist(nowhere / "given", small_mnist)
    write_mnist(place, {"train-labels-idx1-ubyte.gz": np.array([1, 2, 10], np.uint8)})
    with pytest.raises(DatasetError, match="label 10"):
        datasets.load_mnist(place)
    write_mnist(place, {"train-labels-idx1-ubyte.gz": np.array([1, 2], np.uint8)})
    with pytest.raises(DatasetError, match=r"\(2,\)"):
        datasets.load_mnist(place)


def test_an_empty_variable_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARISMO_DATA", "")
    assert datasets.data_folder() is None


def test_writers_are_a_column_of_qmnist(tmp_path: Path) -> None:
    rows = np.zeros((10_001, 8), np.int32)
    rows[:, 2] = np.arange(10_001)
    (tmp_path / "qmnist-test-labels-idx2-int.gz").write_bytes(gzip.compress(idx_bytes(rows), 1))
    read = datasets.load_writers(tmp_path, "test")
    assert read.dtype == np.int32
    np.testing.assert_array_equal(read, np.arange(10_000))
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(gzip.compress(idx_bytes(rows), 1))
    with pytest.raises(DatasetError, match="60000 rows"):
        datasets.load_writers(tmp_path)
    with pytest.raises(DatasetError, match="qmnist-train"):
        datasets.load_writers(tmp_path / "none")


@pytest.mark.data
def test_the_real_mnist_and_its_writers(real_data: Path) -> None:
    loaded = datasets.load_mnist(real_data, verify=True)
    assert loaded.train_images.shape == (60_000, 28, 28)
    assert loaded.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert loaded.train_images[:, 0, 0].max() == 0
    for part, labels in (("train", loaded.train_labels), ("test", loaded.test_labels)):
        qmnist = datasets.read_idx(real_data / "qmnist-labels" / f"qmnist-{part}-labels-idx2-int.gz")
        np.testing.assert_array_equal(qmnist[: len(labels), 0], labels)
    train, test = datasets.load_writers(real_data), datasets.load_writers(real_data, "test")
    assert (train.shape, test.shape) == ((60_000,), (10_000,))
    assert not set(train.tolist()) & set(test.tolist())
