"""What went wrong, as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from guarismo.errors import GuarismoError, ModelError

TITLES = {
    400: "The request cannot be understood",
    401: "A key is needed",
    404: "There is no such thing here",
    405: "Not with this method",
    413: "Too large",
    415: "Not a picture",
    422: "It cannot be read as asked",
    429: "Too many at once",
    500: "A mistake of ours",
    503: "Not now",
}


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer with a status of 400 or more; ``detail`` says what came, what was expected, what to do."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": TITLES.get(status, "Refused"), "status": status, "detail": detail}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def of_problem(_request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answer(problem.status, problem.detail, problem.headers)


def of_guarismo(_request: Request, error: Exception) -> JSONResponse:
    """A picture or a constraint that cannot be; a model that is not there."""
    assert isinstance(error, GuarismoError)
    return answer(503 if isinstance(error, ModelError) else 422, str(error))


def of_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, str(error.detail), dict(error.headers or {}))


def of_validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return answer(422, told or "the request has another form than the description says")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: which of these answers it gives."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail")}
        | {"status": {"type": "integer"}},
    }
    content = {"application/problem+json": {"schema": schema}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}
