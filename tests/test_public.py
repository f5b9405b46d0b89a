"""The public surface is a promise, and so is the light import."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import guarismo
from fakes import painted
from guarismo import reader

PUBLIC = [
    "Box",
    "Constraints",
    "DataError",
    "DatasetError",
    "Digit",
    "Grid",
    "GuarismoError",
    "ModelError",
    "ModelInfo",
    "Number",
    "OutputError",
    "Page",
    "PictureError",
    "Reader",
    "UsageError",
    "__version__",
]

HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "optuna", "rich", "onnx", "scipy", "pandas", "guarismo.train")


def test_the_public_surface_is_this() -> None:
    assert guarismo.__all__ == PUBLIC
    for name in PUBLIC:
        assert getattr(guarismo, name) is not None


def test_the_reader_of_the_package_is_the_reader() -> None:
    assert guarismo.Reader is reader.Reader


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'guarismo' has no attribute 'Raeder'"):
        guarismo.Raeder  # noqa: B018


def test_the_version_is_a_release_number() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", guarismo.__version__)


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (Path(guarismo.__file__).parent / "py.typed").is_file()


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Names of all modules in a fresh interpreter after ``code``."""
    listed = f"{code}\nimport sys\nprint(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", listed, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def heavy(modules: set[str]) -> list[str]:
    return sorted(name for name in modules if name.startswith(tuple(f"{each}." for each in HEAVY)) or name in HEAVY)


def test_importing_the_package_loads_nothing_heavy_and_no_runtime() -> None:
    loaded = loaded_by("import guarismo")
    assert heavy(loaded) == []
    assert not loaded & {"onnxruntime", "cv2", "PIL", "click"}


def test_reading_a_picture_loads_no_framework(fake_model: Path, tmp_path: Path) -> None:
    Image.fromarray(painted(7)).save(tmp_path / "seven.png")
    code = "import sys, guarismo\nassert guarismo.Reader(sys.argv[1]).digit(sys.argv[2]).value == 7"
    loaded = loaded_by(code, str(fake_model), str(tmp_path / "seven.png"))
    assert heavy(loaded) == []
    assert {"onnxruntime", "cv2"} <= loaded


def test_the_read_command_loads_no_framework_and_no_other_command(fake_model: Path, tmp_path: Path) -> None:
    Image.fromarray(painted(7)).save(tmp_path / "seven.png")
    code = """
import contextlib, sys
from guarismo.cli import main
with contextlib.suppress(SystemExit):
    main(["read", "--model", sys.argv[1], sys.argv[2]])
"""
    loaded = loaded_by(code, str(fake_model), str(tmp_path / "seven.png"))
    assert heavy(loaded) == []
    assert {name for name in loaded if name.startswith("guarismo.cli.")} == {
        "guarismo.cli.inputs",
        "guarismo.cli.options",
        "guarismo.cli.read",
        "guarismo.cli.written",
    }


@pytest.mark.parametrize("module", ["rich", "matplotlib", "guarismo.train.pens"])
def test_the_tests_of_the_light_import_can_fail(module: str) -> None:
    assert heavy(loaded_by(f"import guarismo\nimport {module}"))
    assert heavy({"keras.layers", "tensorflow"}) == ["keras.layers", "tensorflow"]
    assert heavy({"kerastic", "guarismo", "onnxruntime"}) == []
