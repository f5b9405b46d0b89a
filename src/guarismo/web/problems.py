"""What went wrong, as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path
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
    """An answer with a status of 400 or more; ``detail`` says what came, what was expected, what to do. Where that is
    an error of ours, it is said in the language that the request asks for."""

    def __init__(self, status: int, detail: str | GuarismoError, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(detail))
        self.status, self.detail, self.headers = status, detail, headers or {}


def _said(error: str | GuarismoError, request: Request) -> str:
    first = request.headers.get("accept-language", "").partition(",")[0].partition("-")[0].strip().lower()
    return error if isinstance(error, str) else error.in_words(_catalogue(first).gettext)


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    known = language if language in LANGUAGES else LANGUAGES[0]
    return gettext.translation("guarismo", LOCALE, [known], fallback=True)


LOCALE, LANGUAGES = Path(__file__).parents[1] / "locale", ("en", "es")


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": TITLES.get(status, "Refused"), "status": status, "detail": detail}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def of_problem(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answer(problem.status, _said(problem.detail, request), problem.headers)


def of_guarismo(request: Request, error: Exception) -> JSONResponse:
    """A picture or a constraint that cannot be; a model that is not there."""
    assert isinstance(error, GuarismoError)
    return answer(503 if isinstance(error, ModelError) else 422, _said(error, request))


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
