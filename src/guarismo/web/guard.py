"""What stands before every route: keys, sizes, headers, counts; and the settings that they go by."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
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
        began, status = time.perf_counter(), 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        try:
            await (self._refused(Request(scope)) or self._app)(scope, receive, sent)
        finally:
            route = scope["path"] if scope["path"] in READING else getattr(scope.get("route"), "path", "other")
            self._metrics.answered(route, status, time.perf_counter() - began)

    def _refused(self, request: Request) -> Response | None:
        path, settings = request.url.path, self._settings
        if settings.api_key is not None and path not in OPEN and not path.startswith("/static/"):
            given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), settings.api_key.encode()):
                told = "a wrong key, or none; send it as X-API-Key"
                return problems.answer(401, told, {"WWW-Authenticate": "Bearer"})
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > largest(settings):
            return problems.answer(413, f"more than {settings.bytes:,} bytes; save the picture smaller")
        waits = request.method == "POST" and (path in READING or path.endswith("/infer"))
        full = self._refusal() if waits else None
        return None if full is None else problems.of_problem(request, full)


OPEN = ("/", "/healthz", "/v2/health/live", "/v2/health/ready")
"""Asked for without a key: the page, which sends one, and what a supervisor asks."""


def largest(settings: Settings) -> int:
    """Bytes of a request: base64 makes three of a picture's four, and a form has a little around it."""
    return settings.bytes * 4 // 3 + 10_000
