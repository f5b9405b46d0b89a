"""The HTTP service: one digit, a number or a page on a picture or from strokes; many digits; tensors; corrections."""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from PIL import Image
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from guarismo import Digit, Number, Page, Reader, __version__
from guarismo.errors import GuarismoError, PictureError
from guarismo.image import FORMATS, is_pdf, load_gray
from guarismo.ink import frame
from guarismo.kinds import read_as
from guarismo.pattern import Constraints
from guarismo.render import ink_picture, png
from guarismo.strip import strip
from guarismo.types import As, Gray
from guarismo.web import inference, problems
from guarismo.web.corrections import Correction, Corrections, strokes_text
from guarismo.web.drawing import Drawing, drawn
from guarismo.web.guard import Guard, Settings, largest
from guarismo.web.metrics import Metrics
from guarismo.web.problems import Problem, documented
from guarismo.web.work import Load, Work

STATIC = Path(__file__).with_name("static")


class Asked(BaseModel):
    """How a picture is to be read, in the query: the options of the command line."""

    model_config = {"extra": "forbid"}

    kind: As = Field(
        "auto", alias="as", description="One digit, a number in one line, a whole page; auto: whichever it is."
    )
    digits: int | None = Field(None, ge=1, le=100, description="Numbers have exactly so many digits.")
    pattern: str | None = Field(None, max_length=200, description="A regular expression for the whole number.")
    min: str | None = Field(None, max_length=40)
    max: str | None = Field(None, max_length=40)
    explain: bool = Field(False, description="With the ink that the network saw, as a PNG.")

    def constraints(self) -> Constraints | None:
        asked = Constraints(digits=self.digits, pattern=self.pattern, minimum=self.min, maximum=self.max)
        return None if asked == Constraints() else asked


class Encoded(BaseModel):
    """A picture in JSON."""

    picture: str = Field(description="The file's bytes in base64, or a data URL.")

    model_config = {"json_schema_extra": {"examples": [{"picture": "data:image/png;base64,iVBORw0KGgo="}]}}


class Corrected(BaseModel):
    """A reading that was wrong, or right: ``correction`` is what is written there."""

    correction: str = Field(pattern=r"^[0-9.,\-/: ]{1,40}$")
    reading: str = Field("", max_length=60)
    status: Literal["read", "unsure", "not_a_digit", "blank"] = "unsure"
    confidence: float = Field(0.0, ge=0, le=1)
    drawing: Drawing | None = None
    picture: str | None = Field(None, description="The picture in base64, where it was not drawn.")


def create_app(reader: Reader, settings: Settings) -> FastAPI:
    """The application. Raises OutputError where corrections cannot be kept."""
    kept = None if settings.keep is None else Corrections(settings.keep)
    work = Work(reader, settings.threads, settings.waiting, settings.seconds)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        work.close()
        if kept is not None:
            kept.close()

    app = FastAPI(
        title="guarismo",
        version=__version__,
        description="Reads handwritten numbers, and says when it is not sure.",
        lifespan=lifespan,
        docs_url=None,  # it would load scripts from another host
        redoc_url=None,
    )
    for error, handler in (
        (Problem, problems.of_problem),
        (GuarismoError, problems.of_guarismo),
        (HTTPException, problems.of_http),
        (RequestValidationError, problems.of_validation),
    ):
        app.add_exception_handler(error, handler)
    metrics = Metrics(lambda: work.inside)
    app.add_middleware(Guard, settings=settings, metrics=metrics, refusal=work.refusal)
    if settings.cors:  # around the guard, whose refusals other sites' pages must be able to read, too
        from fastapi.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            expose_headers=["Retry-After", "WWW-Authenticate"],
        )
    _reading(app, reader, work, settings, metrics)
    _protocol(app, reader, work, settings)
    _corrections(app, reader, kept, work, settings)
    _page(app, metrics)
    return app


async def _body(request: Request, settings: Settings) -> bytes:
    """All bytes of a request, never more than are allowed, whatever its length was said to be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > largest(settings):
            raise Problem(413, f"more than {settings.bytes:,} bytes; save the picture smaller")
        parts.append(part)
    return b"".join(parts)


def _opened(data: bytes, settings: Settings, pixels: float | None = None) -> Gray:
    """Raises Problem 413 for too many bytes or ``pixels``, which are looked up where they are not given; 415 where it
    is no picture."""
    if len(data) > settings.bytes:
        raise Problem(413, f"more than {settings.bytes:,} bytes; save the picture smaller")
    if (_pixels(data) if pixels is None else pixels) > settings.pixels:
        raise _too_large(settings)
    if is_pdf(data):
        raise Problem(415, PictureError("a PDF; send its pages as pictures"))
    try:
        gray = load_gray(data)
    except PictureError as error:
        raise Problem(415, error) from error
    if gray.size > settings.pixels:  # what Pillow alone cannot open does not tell beforehand
        raise _too_large(settings)
    return gray


def _too_large(settings: Settings) -> Problem:
    return Problem(413, f"more than {settings.pixels:,} pixels; scale the picture down")


def _pixels(data: bytes) -> float:
    """Of a picture, by its header. Infinitely many where Pillow thinks that they would burst the memory, 0 where it is
    no picture: what it is instead is said where it is opened."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as header:
            return header.width * header.height
    except Image.DecompressionBombError:
        return math.inf
    except Exception:  # whatever Pillow raises
        return 0


def decoded(text: str) -> bytes:
    """The bytes of base64 or of a data URL. Raises Problem 422 where it is neither."""
    try:
        return base64.b64decode(text.rpartition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "picture is no base64; send the file's bytes so encoded, or as a data URL") from error


async def _picture(request: Request, settings: Settings) -> bytes:
    """The picture of a request: a form's field ``file``, JSON's ``picture``, or the body itself."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=4, max_part_size=settings.bytes) as form:
            file = form.get("file")
            if file is None or isinstance(file, str):
                raise Problem(422, "a form without a file in its field 'file'; send one: -F file=@seven.png")
            return await file.read(settings.bytes + 1)
    body = await _body(request, settings)
    if kind == "application/json":
        try:
            return decoded(Encoded.model_validate_json(body).picture)
        except ValueError as error:
            raise Problem(422, 'JSON without a picture; expected {"picture": "base64"}') from error
    if not body:
        raise Problem(422, "an empty request; send a picture as its body, as a form's field 'file', or in JSON")
    return body


BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": Encoded.model_json_schema()},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


Answer = dict[str, Any]
"""What the description says that a reading is. The answers are made by hand, and not checked against it one by one."""

SMALL, FEW = 50_000, 256 * 256
"""Bytes and pixels of a picture up to which it is read in no time, in a batch with others."""


FEW_POINTS = 2000
"""Points of strokes up to which they are drawn in no time."""

Looked = tuple[Gray, Page, Digit | Number | None]


async def _digit(reader: Reader, work: Work, load: Load) -> Looked:
    gray, digit = await work.digit(load)
    return gray, reader.page_of(digit, gray), digit


def _read(reader: Reader, gray: Gray, kind: As, constraints: Constraints | None) -> Looked:
    ((page, reading),) = read_as(kind, reader, [gray], constraints)
    return gray, page, reading


def _reading(app: FastAPI, reader: Reader, work: Work, settings: Settings, metrics: Metrics) -> None:
    refusals = documented(400, 401, 413, 415, 422, 429, 503)

    async def answer(load: Load, asked: Asked, together: bool, **more: Any) -> Response:
        """``together``: among other single digits, which must not wait for a picture that takes long to open."""
        constraints = asked.constraints()
        if asked.kind in ("digit", "page") and constraints is not None:
            raise Problem(422, "digits, pattern, min and max are for numbers; ask with as=number")
        if asked.kind == "digit" and together:
            page, explanation = _explained(*await _digit(reader, work, load), asked.explain)
        else:
            page, explanation = await work.run(
                lambda: _explained(*_read(reader, load(), asked.kind, constraints), asked.explain)
            )
        metrics.read(page.written)
        return JSONResponse(page.to_dict() | explanation | more)

    @app.post("/v1/read", response_model=Answer, responses=refusals, openapi_extra=BODIES, summary="Read a picture")
    async def read(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        data = await _picture(request, settings)
        pixels = _pixels(data) if len(data) <= SMALL else None  # headers of large files may take long
        together = pixels is not None and 0 < pixels <= FEW
        return await answer(lambda: _opened(data, settings, pixels), asked, together)

    @app.post(
        "/v1/strokes",
        response_model=Answer,
        responses=documented(400, 401, 413, 422, 429, 503),
        summary="Read pen strokes",
    )
    async def strokes(drawing: Drawing, asked: Annotated[Asked, Query()]) -> Response:
        few = sum(map(len, drawing.strokes)) <= FEW_POINTS
        gray, scale, corner = _drawn(drawing) if few else await work.run(lambda: _drawn(drawing))
        return await answer(lambda: gray, asked, together=few, drawing={"scale": scale, "corner": list(corner)})

    @app.post("/v1/digits", responses=refusals, summary="Read one digit on each of many pictures")
    async def digits(many: Many) -> dict[str, Any]:
        data = [decoded(picture) for picture in many.pictures]

        def read_all() -> list[Page]:
            pixels = [_pixels(one) for one in data]
            if sum(pixels) > settings.pixels:
                raise Problem(413, f"more than {settings.pixels:,} pixels together; send fewer pictures at once")
            grays = [_opened(one, settings, size) for one, size in zip(data, pixels, strict=True)]
            return [reader.page_of(digit, gray) for digit, gray in zip(reader.digits(grays), grays, strict=True)]

        pages = await work.run(read_all)
        for page in pages:
            metrics.read(page.numbers)
        return {"pages": [page.to_dict() for page in pages]}


class Many(BaseModel):
    """Small pictures of one digit each."""

    pictures: list[str] = Field(min_length=1, max_length=1000, description="Each as in /v1/read's JSON.")


def _drawn(drawing: Drawing) -> tuple[Gray, float, tuple[float, float]]:
    try:
        return drawn(drawing)
    except ValueError as error:
        raise Problem(422, f"strokes: {error}") from error


def _explained(gray: Gray, page: Page, read: Digit | Number | None, explain: bool) -> tuple[Page, dict[str, Any]]:
    """The page; and, where it is asked for, the ink that the network saw as a data URL, and of one digit the ten
    probabilities."""
    if not explain or read is None:
        return page, {}
    if isinstance(read, Digit):
        ink, shares = frame(gray).ink, list(read.probabilities)
    else:
        seen, shares = strip(gray), []
        ink = np.zeros((48, 48), np.float32) if seen is None else seen.ink
    url = "data:image/png;base64," + base64.b64encode(png(ink_picture(ink, scale=1))).decode()
    return page, {"explanation": {"ink": url, "probabilities": shares}}


def _protocol(app: FastAPI, reader: Reader, work: Work, settings: Settings) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", summary="Whether the server is up")
    @app.get("/v2/health/live", summary="Whether the server is up")
    @app.get("/v2/health/ready", summary="Whether it reads")
    async def healthy() -> dict[str, bool]:
        return {"live": True, "ready": True}

    @app.get("/v2", responses=documented(401), summary="What server this is")
    async def server() -> dict[str, Any]:
        return {"name": "guarismo", "version": __version__, "extensions": []}

    @app.get("/v2/models/{name}", responses=documented(401, 404, 422, 503), summary="What a model takes and gives")
    async def model(name: str) -> dict[str, Any]:
        return inference.metadata(reader, inference.model_name(name))

    @app.get("/v2/models/{name}/ready", responses=documented(401, 404, 422, 503), summary="Whether a model reads")
    async def ready(name: str) -> dict[str, Any]:
        inference.metadata(reader, inference.model_name(name))
        return {"name": name, "ready": True}

    @app.post(
        "/v2/models/{name}/infer", responses=documented(400, 401, 404, 413, 422, 429, 503), summary="Tensors to logits"
    )
    async def infer(name: str, request: inference.InferRequest) -> dict[str, Any]:
        return await work.run(lambda: inference.infer(reader, inference.model_name(name), request))


def _corrections(app: FastAPI, reader: Reader, kept: Corrections | None, work: Work, settings: Settings) -> None:
    @app.post("/v1/corrections", status_code=201, responses=documented(400, 401, 404, 413, 415, 422, 429, 503))
    async def correct(one: Corrected) -> dict[str, int]:
        """Keep what is right, for training on it later. Answered when it is on the disk."""
        if kept is None:
            raise Problem(404, "this server keeps no corrections; start it with --keep FOLDER")
        return {"id": await work.run(lambda: keep(one, kept))}

    def keep(one: Corrected, kept: Corrections) -> int:
        gray = _opened(decoded(one.picture), settings) if one.picture else None
        if one.drawing is not None:
            gray = _drawn(one.drawing)[0]
        if gray is None:
            raise Problem(422, "a correction without a drawing or a picture; send one of them")
        single = len(one.correction) == 1
        info = reader.model if single else reader.line_model
        reading = (one.reading, one.correction, one.status, one.confidence, info.name, info.version)
        try:
            return kept.keep(Correction(png(Image.fromarray(gray)), strokes_text(one.drawing), *reading))
        except GuarismoError as error:
            raise Problem(503, str(error)) from error

    @app.get("/v1/settings", responses=documented(401), summary="What this server does")
    def settings_() -> dict[str, Any]:
        return {"keeps_corrections": kept is not None, "bytes": settings.bytes, "reads_numbers": _reads_numbers(reader)}


def _reads_numbers(reader: Reader) -> bool:
    try:
        return bool(reader.line_model.name)
    except GuarismoError:
        return False


def _page(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/metrics", response_class=PlainTextResponse, responses=documented(401), summary="For Prometheus")
    def measured() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
