"""``Cutout``: a piece of a page, straightened, and the way back to the caller's picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Box, Gray, Number

Corners = NDArray[np.float32]
"""float32 (4, 2): x, y of the top left, top right, bottom right and bottom left corner, in pixels of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """``gray`` uint8 (H, W), upright; ``back`` float64 (3, 3), the homography from its pixels to the caller's.

    ``shape`` is the caller's picture's (height, width): no box reaches out of it.
    """

    gray: Gray
    shape: tuple[int, int]
    back: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def box(self, box: Box | None = None) -> Box:
        """The upright box, in the caller's picture, around ``box`` of this cutout, or around all of it."""
        return around(self.outline(box), self.shape)

    def outline(self, box: Box | None = None) -> NDArray[np.float64]:
        """The corners of ``box``, or of all of it, in the caller's picture: float64 (4, 2), in the order of Corners."""
        inner = box or Box(0, 0, self.gray.shape[1], self.gray.shape[0])
        left, top, right, bottom = inner.left, inner.top, inner.right, inner.bottom
        edges = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
        return np.asarray(cv2.perspectiveTransform(edges, self.back)[0], np.float64)

    def cut(self, box: Box) -> Cutout:
        """A piece of this one."""
        moved = self.back @ np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1]], np.float64)
        return Cutout(self.gray[box.top : box.bottom, box.left : box.right], self.shape, moved)

    def parted(self, column: int) -> tuple[Cutout, Cutout]:
        """What is left of a column, and what is right of it."""
        rows, columns = self.gray.shape
        return self.cut(Box(0, 0, column, rows)), self.cut(Box(column, 0, columns, rows))


Read = Callable[[Sequence[Cutout]], list[Number | None]]
"""What lines say, None where one is blank."""


def enlarged(gray: Gray, times: float) -> Cutout:
    """The whole picture with so many times more pixels along both sides, by cubic interpolation; as it is up to 1."""
    if times <= 1:
        return Cutout(gray, gray.shape)
    size = [round(n * times) for n in gray.shape[::-1]]
    large = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return Cutout(large, gray.shape, np.diag([gray.shape[1] / size[0], gray.shape[0] / size[1], 1.0]))


def straighten(gray: Gray, corners: Corners, size: tuple[int, int]) -> Cutout:
    """The quadrilateral ``corners`` of a picture as a cutout of ``size`` (height, width)."""
    there = onto(corners, size)
    warped = cv2.warpPerspective(gray, there, size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Cutout(np.asarray(warped, np.uint8), gray.shape, np.asarray(np.linalg.inv(there), np.float64))


def onto(corners: Corners, size: tuple[int, int]) -> NDArray[np.float64]:
    """float64 (3, 3): the homography that takes ``corners`` to those of a picture of ``size`` (height, width)."""
    height, width = size
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(np.asarray(corners, np.float32), target), np.float64)


def extent(corners: NDArray[np.floating]) -> tuple[float, float]:
    """Height and width of a quadrilateral (4, 2), in the order of ``Corners``: means of its opposite sides."""
    top, right, bottom, left = (float(np.linalg.norm(corners[i] - corners[i - 1])) for i in (1, 2, 3, 0))
    return (left + right) / 2, (top + bottom) / 2


def around(points: NDArray[np.floating], shape: tuple[int, ...]) -> Box:
    """The upright box around points (N, 2), within a picture of ``shape``, at least a pixel wide and high."""
    (left, top), (right, bottom) = np.floor(points.min(0)).tolist(), np.ceil(points.max(0)).tolist()
    height, width = shape
    left, top = min(max(int(left), 0), width - 1), min(max(int(top), 0), height - 1)
    return Box(left, top, min(max(int(right), left + 1), width), min(max(int(bottom), top + 1), height))
