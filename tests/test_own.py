from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from guarismo import datasets, own
from guarismo.errors import DatasetError


def picture(path: Path, level: int = 0) -> Path:
    """A 6x5 picture with a stroke of the given level on white."""
    pixels = np.full((6, 5), 255, np.uint8)
    pixels[1:5, 2] = level
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def class_folders(root: Path, each: int = 1) -> Path:
    for digit in range(10):
        for index in range(each):
            picture(root / str(digit) / f"{index}.png", level=digit)
    return root


def write_npz(path: Path, **arrays: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


def message(path: Path, **options: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        datasets.load_own(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("exploded").touch, ())


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_npz(tmp_path / "a.npz", x=np.array([Bomb()], object), y=np.array([1]))
    message(path)
    path.write_bytes(pickle.dumps(Bomb()))
    message(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("cut", [0, 10, 200, -30])
def test_a_damaged_npz_is_an_error_of_ours(tmp_path: Path, cut: int) -> None:
    path = write_npz(tmp_path / "a.npz", x=np.zeros((10, 8, 8), np.uint8), y=np.arange(10))
    path.write_bytes(path.read_bytes()[:cut])
    assert "npz" in message(path)


def test_a_folder_of_folders(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "mine", each=2)
    picture(root / "3" / "by ana" / "x.png", level=3)
    (root / "3" / ".DS_Store").write_bytes(b"junk")
    (root / "3" / "Thumbs.db").write_bytes(b"junk")
    (root / "README.txt").write_text("mine")
    (root / "letters").mkdir()
    picture(root / "numbers" / "000007.png", level=3)  # of corrections that were exported
    read = datasets.load_own(root)
    assert len(read) == 21
    assert read.labels.dtype == np.int64
    assert read.names[6:9] == ("3/0.png", "3/1.png", "3/by ana/x.png")
    assert all(image[2, 2] == label for image, label in zip(read.images, read.labels, strict=True))
    assert not read.images[0].flags.writeable


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "mine", each=2)
    for digit in (4, 6):
        for file in (root / str(digit)).iterdir():
            file.unlink()
    (root / "9" / "1.png").unlink()
    for index in range(5):
        (root / "0" / f"bad{index}.png").write_bytes(b"not a picture")
    picture(root / "eleven" / "a.png")
    picture(root / "11" / "a.png")
    text = message(root, least=2)
    assert "2 wrong labels (folder 11 with 1 file, folder eleven with 1 file), expected 0 to 9" in text
    assert "5 unreadable pictures (0/bad0.png (" in text
    assert "0/bad2.png" in text
    assert "0/bad3.png" not in text
    assert "and 2 more" in text
    assert "no picture of 4, 6" in text
    assert "too few of 9 (1), expected at least 2 of each" in text


def test_missing_classes_can_be_allowed(tmp_path: Path) -> None:
    picture(tmp_path / "mine" / "7" / "a.png")
    assert "no picture of 0, 1, 2, 3, 4, 5, 6, 8, 9" in message(tmp_path / "mine")
    assert datasets.load_own(tmp_path / "mine", classes_required=False).labels.tolist() == [7]


def test_nothing_at_all_is_said_so(tmp_path: Path) -> None:
    assert "expected some in folders 0/ ... 9/" in message(tmp_path, classes_required=False)
    assert "no such file or folder" in message(tmp_path / "none")
    (tmp_path / "a.docx").write_bytes(b"PK")
    assert "another kind of file" in message(tmp_path / "a.docx")


def test_more_than_fits_in_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_MOST_BYTES", 100)
    with pytest.raises(DatasetError, match=r"3/0\.png"):
        datasets.load_own(class_folders(tmp_path))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,label\n{rows}", "utf-8"),
        ("{rows}", "utf-8-sig"),
        ("File;Digit\r\n{rows}", "utf-8-sig"),
        ("archivo;cifra\n{rows}\n\n", "utf-8"),
        ("archivo\tcifra\n{rows}", "utf-8"),
    ],
)
def test_lists_as_spreadsheets_write_them(tmp_path: Path, text: str, encoding: str) -> None:
    class_folders(tmp_path)
    picture(tmp_path / "año,1.png", level=5)
    separator = next((mark for mark in ";\t" if mark in text), ",")
    rows = [f"{digit}/0.png{separator}{digit}" for digit in range(10)] + [f'"año,1.png"{separator}5.0']
    path = tmp_path / "list.csv"
    path.write_text(text.format(rows="\n".join(rows)), encoding=encoding)
    read = datasets.load_own(path)
    assert read.labels.tolist() == [*range(10), 5]
    assert read.names[-1] == "año,1.png"
    assert all(image[2, 2] == label for image, label in zip(read.images, read.labels, strict=True))


def test_columns_of_a_list_go_by_their_titles(tmp_path: Path) -> None:
    class_folders(tmp_path)
    rows = "\n".join(f"{digit},ana,{digit}\\0.png" for digit in range(10))
    (tmp_path / "list.csv").write_text(f"label,writer,path\n{rows}\n")
    assert datasets.load_own(tmp_path / "list.csv").labels.tolist() == list(range(10))
    named = "".join(f"Ana,{digit}/0.png,{digit}\n" for digit in range(10))
    (tmp_path / "list.csv").write_text(f"name,image,label\n{named}")
    assert datasets.load_own(tmp_path / "list.csv").labels.tolist() == list(range(10))


def test_wrong_rows_of_a_list_are_said_at_once(tmp_path: Path) -> None:
    class_folders(tmp_path)
    rows = [f"{digit}/0.png,{digit}" for digit in range(10)]
    rows = ["first.png,x", *rows, "1/0.png,10", "2/0.png,-1", "3/0.png,", "3/0.png", "none.png,4"]
    (tmp_path / "list.csv").write_text("\n".join(rows))
    text = message(tmp_path / "list.csv")
    assert "5 wrong labels (first.png as 'x', 1/0.png as '10', 2/0.png as '-1' and 2 more)" in text
    assert "2 unreadable pictures (first.png (no such file), none.png (no such file))" in text


@pytest.mark.parametrize("data", ["año.png,1".encode("latin-1"), b"a\0b.png,1\n", b'"' + b"a" * 200_000 + b'",1'])
def test_a_list_in_another_encoding_is_an_error_of_ours(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(data)
    message(tmp_path / "list.csv")


def test_an_empty_list_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\n")
    message(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text("")
    message(tmp_path / "list.csv")


STACK = np.arange(10, dtype=np.uint8).repeat(12).reshape(10, 4, 3) * np.uint8(28)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (STACK, STACK),
        (STACK[..., None], STACK),
        (STACK.astype(np.float32) / 255, STACK),
        (STACK / 127.5 - 1, STACK),
        (np.where(STACK == 252, 1.03, STACK / 255), np.where(STACK == 252, 255, STACK)),  # a resampling overshoots
        (STACK.astype(np.uint16) * 16, np.rint(STACK * (16 * 255 / 4095))),  # twelve bits in sixteen
        (STACK.astype(np.int64), STACK),
        (STACK.astype(np.uint16) * 257, STACK),
        (STACK > 100, (STACK > 100) * 255),
        (np.repeat(STACK[..., None], 3, axis=3), STACK),
        (np.repeat(STACK[:, :, :1], 4, axis=2).reshape(10, 16), np.repeat(STACK[:, :, :1], 4, axis=2)),
    ],
)
def test_arrays_of_any_type_become_grey(tmp_path: Path, images: NDArray[Any], expected: NDArray[Any]) -> None:
    read = datasets.load_own(write_npz(tmp_path / "mine.npz", x=images, y=np.arange(10)))
    assert isinstance(read.images, np.ndarray)
    assert read.images.dtype == np.uint8
    np.testing.assert_array_equal(read.images, expected)
    assert read.names[3] == "mine.npz#3"
    assert not read.images.flags.writeable
    assert not read.labels.flags.writeable


@pytest.mark.parametrize("keys", [("x", "y"), ("images", "labels"), ("x_train", "y_train")])
def test_arrays_by_their_usual_names(tmp_path: Path, keys: tuple[str, str]) -> None:
    arrays = {keys[0]: STACK, keys[1]: np.arange(10).reshape(10, 1), "x_test": STACK[:1]}
    assert len(datasets.load_own(write_npz(tmp_path / "mine.npz", **arrays))) == 10


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"a": STACK}, "holds a, expected x and y"),
        ({"x": STACK, "y": np.arange(9)}, "10 pictures but 9 labels"),
        ({"x": STACK, "y": np.arange(10) + 1}, "1 wrong label (mine.npz#9 as 10)"),
        ({"x": STACK, "y": np.full(10, np.nan)}, "10 wrong labels (mine.npz#0 as nan"),
        ({"x": STACK, "y": np.arange(10) + 0.5}, "10 wrong labels (mine.npz#0 as 0.5"),
        ({"x": STACK[0], "y": np.arange(10)}, "shape (4, 3)"),
        ({"x": STACK[:, :0], "y": np.arange(10)}, "shape (10, 0, 3)"),
        ({"x": STACK.astype(str), "y": np.arange(10)}, "expected numbers"),
        ({"x": STACK - 300.0, "y": np.arange(10)}, "values -300 ... -48"),
        ({"x": STACK * np.nan, "y": np.arange(10)}, "values nan ... nan"),
    ],
)
def test_wrong_arrays_are_told_apart(tmp_path: Path, arrays: dict[str, NDArray[Any]], expected: str) -> None:
    assert expected in message(write_npz(tmp_path / "mine.npz", **arrays))
