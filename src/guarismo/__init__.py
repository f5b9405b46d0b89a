"""guarismo reads handwritten numbers: drawn, scanned or photographed, and says when it is not sure.

from guarismo import Reader

Reader().digit("seven.png").value  # 7
"""

from typing import TYPE_CHECKING

from guarismo.errors import (
    DataError,
    DatasetError,
    GuarismoError,
    ModelError,
    OutputError,
    PictureError,
    UsageError,
)
from guarismo.types import Box, Digit, Grid, ModelInfo, Number, Page

if TYPE_CHECKING:
    from guarismo.pattern import Constraints
    from guarismo.reader import Reader

__version__ = "0.1.0"

__all__ = [
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


def __dir__() -> list[str]:
    return sorted({*globals(), "Constraints", "Reader"})


def __getattr__(name: str) -> object:
    """``Reader`` and ``Constraints`` are imported when they are asked for: the types and errors alone are light."""
    if name == "Reader":
        from guarismo.reader import Reader

        return Reader
    if name == "Constraints":
        from guarismo.pattern import Constraints

        return Constraints
    raise AttributeError(f"module 'guarismo' has no attribute {name!r}")
