"""(id, bytes) → rows: the whole of batch reading that is not files, processes or clusters.

One row for each number; a picture without any (blank paper, a page without numbers) and one that cannot be read have
one row each, so that each picture is in the result. A row is a flat dictionary with the columns of ``COLUMNS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

from guarismo.errors import DataError, GuarismoError, PictureError, UsageError, unread
from guarismo.image import batches, load_gray
from guarismo.kinds import read_as
from guarismo.pattern import Constraints
from guarismo.reader import Reader
from guarismo.types import STATUSES, As, Gray, ModelInfo, Number, Page

SCHEMA = 2
"""Version of the rows' columns and of what they mean. It stands in each row, so that a stray file explains itself."""

ERROR = "error"
"""The status of a picture that could not be read."""

COUNTED = (*STATUSES, ERROR)
"""Each row has one of these."""

ALTERNATIVES, LEAST = 4, 0.001
"""Other readings in a row: as many as a line has; those under one in a thousand would double the rows for nothing."""

DECIMALS = 6
"""Of a confidence. Processors differ in the eighth; the same picture gives the same row on all of them."""

COLUMNS: dict[str, str] = {
    "schema": "int32",
    "id": "string",
    "page": "int32",
    "number": "int32",
    "text": "string",
    "digits_text": "string",
    "status": "string",
    "confidence": "float64",
    "digits_confidence": "float64",
    "left": "int32",
    "top": "int32",
    "right": "int32",
    "bottom": "int32",
    "alternatives": "list",
    "error": "string",
    "model": "string",
    "model_version": "string",
    "model_sha256": "string",
    "ink_version": "int32",
}
"""Name and Arrow type; ``alternatives`` is a list of {text: string, confidence: float64}. ``page`` counts from 1;
``number`` is the place in reading order, from 0, and null where the picture has none."""

Row = dict[str, Any]
Picture = tuple[str, bytes | DataError]
"""Its id, and its bytes or why there are none."""

Read = Callable[[list[Gray]], list[Page]]
"""One page for each picture, in their order."""


def reads(reader: Reader, kind: As, limits: Constraints | None = None) -> Read:
    """How pictures of such a kind are read. Raises UsageError and ModelError now, before any picture is opened."""
    if kind not in get_args(As):
        expected = [*get_args(As)]
        raise UsageError("{came!r} is no kind of picture; expected one of {expected}", came=kind, expected=expected)
    read_as(kind, reader, [], limits)
    return lambda grays: [page for page, _reading in read_as(kind, reader, grays, limits)]


def rows(read: Read, pictures: Iterable[Picture]) -> Iterator[Row]:
    """The rows of the pictures, in their order, in bounded memory. What is wrong with a picture is its row.

    Raises ModelError and UsageError, which are wrong with the run.
    """
    for batch in batches((name, _opened(data)) for name, data in pictures):
        pages = iter(_read(read, [gray for _name, gray in batch if not isinstance(gray, DataError)]))
        for name, gray in batch:
            page = gray if isinstance(gray, DataError) else next(pages)
            yield from [_error_row(name, page)] if isinstance(page, DataError) else _page_rows(name, page)


def arrow_schema() -> Any:
    """The columns as a ``pyarrow.Schema``, its version in the metadata as ``guarismo.schema``."""
    import pyarrow as pa

    other = pa.list_(pa.struct([("text", pa.string()), ("confidence", pa.float64())]))
    types = {"int32": pa.int32(), "string": pa.string(), "float64": pa.float64(), "list": other}
    return pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()], {"guarismo.schema": str(SCHEMA)})


def record_batches(rows: Iterable[Row], size: int = 1000) -> Iterator[Any]:
    """The rows as ``pyarrow.RecordBatch`` of ``size`` rows each."""
    import pyarrow as pa

    schema, some = arrow_schema(), []
    for row in rows:
        some.append(row)
        if len(some) == size:
            yield pa.RecordBatch.from_pylist(some, schema)
            some = []
    if some:
        yield pa.RecordBatch.from_pylist(some, schema)


def _opened(data: bytes | DataError) -> Gray | DataError:
    if isinstance(data, DataError):
        return data
    try:
        return load_gray(data)
    except DataError as error:
        return error
    except MemoryError:
        return PictureError(TOO_LITTLE)


TOO_LITTLE = "the picture: not enough memory to read it; give each worker more, or scale the picture down"
"""What is said of it. Only processes with a limit of their own come to say it; others are killed."""


def _read(read: Read, grays: list[Gray]) -> list[Page | DataError]:
    """All at once, or, where that fails, one by one: a picture on which something breaks must not take others along."""
    try:
        return [*read(grays)]
    except GuarismoError:
        raise
    except Exception:  # OpenCV's, the runtime's, MemoryError
        return [_read_alone(read, gray) for gray in grays]


def _read_alone(read: Read, gray: Gray) -> Page | DataError:
    try:
        return read([gray])[0]
    except GuarismoError:
        raise
    except MemoryError:
        return PictureError(TOO_LITTLE)
    except Exception as error:
        return unread(error)


def _error_row(name: str, error: DataError) -> Row:
    return {**dict.fromkeys(COLUMNS), "schema": SCHEMA, "id": name, "status": ERROR, "error": str(error)}


def _page_rows(name: str, page: Page) -> list[Row]:
    if page.written:
        return [_row(name, page.model, place, number) for place, number in enumerate(page.written)]
    nothing: Row = {"text": "", "digits_text": "", "status": "blank", "alternatives": []}
    nothing |= {"confidence": 1.0, "digits_confidence": 1.0}
    corners = {"left": 0, "top": 0, "right": page.width, "bottom": page.height}
    return [{**_about(name, page.model), **nothing, **corners}]


def _about(name: str, model: ModelInfo) -> Row:
    of_model = {
        "model": model.name,
        "model_version": model.version,
        "model_sha256": model.sha256,
        "ink_version": model.ink_version,
    }
    return {**dict.fromkeys(COLUMNS), "schema": SCHEMA, "id": name, "page": 1, **of_model}


def _row(name: str, model: ModelInfo, place: int, number: Number) -> Row:
    others = [
        {"text": text, "confidence": round(share, DECIMALS)}
        for text, share in number.alternatives[:ALTERNATIVES]
        if share >= LEAST
    ]
    return {
        **_about(name, model),
        "number": place,
        "text": number.text,
        "digits_text": number.digits_text,
        "status": number.status,
        "confidence": round(number.confidence, DECIMALS),
        "digits_confidence": round(number.digits_confidence, DECIMALS),
        **number.box.to_dict(),
        "alternatives": others,
    }
