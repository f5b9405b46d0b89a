"""What stands before every route: keys, sizes, headers, counts; and the settings that they go by."""

from __future__ import annotations

import contextlib
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guarismo.web import WAITING, problems
from guarismo.web.metrics import Metrics

HEADERS = [
    (b"content-security-policy", b"default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
"""On every answer: the page loads nothing from elsewhere and is framed by nobody."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``guarismo serve`` is started with: a picture's most bytes and pixels, and what ``Work`` is bounded by."""

    api_key: str | None = None
    cors: tuple[str, ...] = ()
    keep: Path | None = None
    bytes: int = 20_000_000
    pixels: int = 40_000_000
    waiting: int = WAITING
    seconds: float = 30.0
    threads: int = 2


READING = ("/v1/read", "/v1/strokes", "/v1/digits")
"""What has to wait for a place. Where there is none when it comes, it is told so before any of it is taken in."""


class Guard:
    """Refuses before a route is looked for, counts, and puts ``HEADERS`` on every answer. ``refusal`` is what whoever
    asks for a reading is told where there is no place.

    ASGI itself: Starlette's wrapper for functions starts a task for each request.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, metrics: Metrics, refusal: Callable[[], problems.Problem | None]
    ) -> None:
        self._app, self._settings, self._metrics, self._refusal = app, settings, metrics, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, begun = time.perf_counter(), 500, False

        async def sent(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        try:
            refused = self._refused(Request(scope))
            if refused is None and scope["method"] == "POST" and "content-length" not in Headers(scope=scope):
                whole = await _whole(receive, largest(self._settings))
                if whole is None:
                    refused = self._too_large()
                else:
                    receive = whole
            await (refused or self._app)(scope, receive, sent)
        except ClientDisconnect:
            status = 499  # whoever sent it has left, and nobody hears an answer
        except Exception:
            logging.getLogger("uvicorn.error").exception("%s %s", scope["method"], scope["path"])
            if not begun:
                await problems.answer(500, "it could not be read; tell us what was sent")(scope, receive, sent)
        finally:
            route = scope["path"] if scope["path"] in READING else getattr(scope.get("route"), "path", "other")
            self._metrics.answered(route, status, time.perf_counter() - began)

    def _refused(self, request: Request) -> Response | None:
        path, settings, key = request.url.path, self._settings, self._settings.api_key
        closed = path not in OPEN and not path.startswith("/static/")
        if key is not None and closed and not _is_key(request.headers, key):
            told = "a wrong key, or none; send it as X-API-Key"
            return problems.answer(401, told, {"WWW-Authenticate": "Bearer"})
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > largest(settings):
            return self._too_large()
        waits = request.method == "POST" and (path in READING or path.endswith("/infer"))
        full = self._refusal() if waits else None
        return None if full is None else problems.of_problem(request, full)

    def _too_large(self) -> Response:
        return problems.answer(413, f"more than {self._settings.bytes:,} bytes; save the picture smaller")


def _is_key(headers: Headers, key: str) -> bool:
    """Whether a request has the key, by either header. Clients send letters beyond ASCII as UTF-8 or as Latin-1."""
    scheme, _space, token = headers.get("authorization", "").partition(" ")
    given = headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    sent = given.encode("latin-1")  # as Starlette has decoded it
    forms = [key.encode()]
    with contextlib.suppress(UnicodeEncodeError):
        forms.append(key.encode("latin-1"))
    return any(hmac.compare_digest(sent, form) for form in forms)


async def _whole(receive: Receive, most: int) -> Receive | None:
    """A body whose length was not said, taken in and given again; None where it has more bytes than ``most``."""
    messages: list[Message] = []
    size = 0
    while not messages or messages[-1].get("more_body", False):
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        if size > most:
            return None
    coming = iter(messages)

    async def again() -> Message:
        message = next(coming, None)
        return await receive() if message is None else message

    return again


OPEN = ("/", "/healthz", "/v2/health/live", "/v2/health/ready")
"""Asked for without a key: the page, which sends one, and what a supervisor asks."""


def largest(settings: Settings) -> int:
    """Bytes of a request: base64 makes three of a picture's four, and a form has a little around it."""
    return settings.bytes * 4 // 3 + 10_000
