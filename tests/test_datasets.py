from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from guarismo import datasets
from guarismo.errors import DatasetError


def picture(path: Path, level: int = 0) -> Path:
    """A 6x5 picture with a stroke of the given level on white."""
    pixels = np.full((6, 5), 255, np.uint8)
    pixels[1:5, 2] = level
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def test_digits8x8_come_dark_on_light() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn comes with the extra [train]")
    read = datasets.load_digits8x8()
    assert isinstance(read.images, np.ndarray)
    assert read.images.shape == (1797, 8, 8)
    assert read.images.dtype == np.uint8
    assert (read.images.min(), read.images.max()) == (0, 255)
    assert np.median(read.images[:, 0, 0]) == 255
    assert np.bincount(read.labels).min() > 170


def test_without_scikit_learn_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DatasetError, match=r"pip install 'guarismo\[train\]'"):
        datasets.load_digits8x8()


def optdigits_text(labels: str = "07") -> str:
    block = "\n".join(["0" * 31 + "1"] * 32)
    return "a header\n\nwidth = 32\n" + "".join(f"{block}\n {label}\n" for label in labels)


def test_optdigits_come_dark_on_light(tmp_path: Path) -> None:
    (tmp_path / "optdigits").mkdir()
    path = tmp_path / "optdigits" / "optdigits-orig.tra.gz"
    path.write_bytes(gzip.compress(optdigits_text().encode()))
    read = datasets.load_optdigits(tmp_path)
    assert isinstance(read.images, np.ndarray)
    assert read.images.shape == (2, 32, 32)
    assert read.labels.tolist() == [0, 7]
    assert (read.images[..., 31] == 0).all()
    assert (read.images[..., :31] == 255).all()


@pytest.mark.parametrize("text", ["", optdigits_text()[:-40], optdigits_text("x"), optdigits_text().replace("1", "2")])
def test_damaged_optdigits_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "optdigits-orig.tra.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(DatasetError, match=r"optdigits-orig\.tra\.gz"):
        datasets.load_optdigits(tmp_path)


def test_pendigits_are_points(tmp_path: Path) -> None:
    (tmp_path / "pendigits.tes").write_text(",".join(map(str, range(16))) + ",0000000010\n")
    points, labels = datasets.load_pendigits(tmp_path, "tes")
    assert points.shape == (1, 8, 2)
    assert points.dtype == np.float32
    assert points[0, 1].tolist() == [2, 3]
    assert labels.tolist() == [8]


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "0," * 16 + "0000000000", "x," * 16 + "0000000001", "101," * 16 + "1" * 10]
)
def test_damaged_pendigits_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pendigits.tra").write_text(text)
    with pytest.raises(DatasetError, match="damaged"):
        datasets.load_pendigits(tmp_path)
    with pytest.raises(DatasetError, match="No such file"):
        datasets.load_pendigits(tmp_path, "tes")


def orand(folder: Path, digits: Any) -> Path:
    picture(folder / "images" / "a.png", level=9)
    (folder / "labels.json").write_text(json.dumps([{"file": "images/a.png", "number": "7", "digits": digits}]))
    return folder


def test_boxes_are_cut_from_cheques_and_clipped(tmp_path: Path) -> None:
    read = datasets.load_orand_boxes(
        orand(
            tmp_path, [[1, 1, 2, 4, "7"], [-3, 0, 4, 9, "2"], [5, 0, 3, 3, "1"], [-3, 0, 3, 3, "1"], [2, 0, 1, 1, "0"]]
        )
    )
    assert read.names == ("a.png#0", "a.png#1", "a.png#4")
    assert [image.shape for image in read.images] == [(4, 2), (6, 1), (1, 1)]
    assert read.labels.tolist() == [7, 2, 0]
    assert read.images[0][:, 1].tolist() == [9, 9, 9, 9]


@pytest.mark.parametrize(
    "digits", [None, [[1, 1, 2]], [[0, 0, 3, 3, "x"]], [[0, 0, 3, 3, "10"]], [["a", 0, 3, 3, "1"]]]
)
def test_damaged_boxes_are_refused(tmp_path: Path, digits: Any) -> None:
    with pytest.raises(DatasetError, match=r"labels\.json: damaged"):
        datasets.load_orand_boxes(orand(tmp_path, digits))


def test_a_missing_cheque_is_an_error_of_ours(tmp_path: Path) -> None:
    (orand(tmp_path, [[0, 0, 3, 3, "1"]]) / "images" / "a.png").unlink()
    with pytest.raises(DatasetError, match=r"a\.png"):
        datasets.load_orand_boxes(tmp_path)
    with pytest.raises(DatasetError, match=r"labels\.json"):
        datasets.load_orand_boxes(tmp_path / "none")


@pytest.mark.data
def test_the_real_sets_of_others(real_data: Path) -> None:
    optdigits = datasets.load_optdigits(real_data)
    assert len(optdigits) == 1934
    assert np.bincount(optdigits.labels).min() > 170
    for part, count in (("tra", 7494), ("tes", 3498)):
        points, labels = datasets.load_pendigits(real_data, part)  # type: ignore[arg-type]
        assert (points.shape, labels.shape) == ((count, 8, 2), (count,))
    boxes = datasets.load_orand_boxes(real_data)
    assert len(boxes) == 2191
    assert boxes.names[2] == "a_car_000154.jpg#2"
    assert boxes.labels[2] == 5
