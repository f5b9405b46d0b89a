"""``guarismo serve``: the HTTP service and the page to draw on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guarismo.cli import _, options
from guarismo.errors import OutputError, UsageError
from guarismo.reader import Reader
from guarismo.web import WAITING

if TYPE_CHECKING:
    import socket


@click.command("serve", help="Serve a page to draw on, and readings over HTTP.")
@options.model
@options.line_model
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 for any that is free.")
@click.option(
    "--api-key",
    metavar="KEY",
    envvar="GUARISMO_API_KEY",
    help="Ask for this key, or that in GUARISMO_API_KEY; else none is needed.",
)
@click.option(
    "--cors", metavar="ORIGIN", multiple=True, help="A web site whose pages may call the service; can be repeated."
)
@click.option(
    "--keep",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Keep the corrections that people make, with their pictures; else nothing is kept.",
)
@click.option(
    "--max-bytes", type=click.IntRange(1000), default=20_000_000, show_default=True, help="Most bytes of a picture."
)
@click.option(
    "--max-pixels", type=click.IntRange(784), default=40_000_000, show_default=True, help="Most pixels of a picture."
)
@click.option(
    "--queue", type=click.IntRange(0, 10_000), default=WAITING, show_default=True, help="Requests that may wait."
)
@click.option("--timeout", type=options.Finite(0.1, 600), default=30.0, show_default=True, help="Seconds to an answer.")
def command(
    model: str | None,
    line_model: str | None,
    host: str,
    port: int,
    api_key: str | None,
    cors: tuple[str, ...],
    keep: Path | None,
    max_bytes: int,
    max_pixels: int,
    queue: int,
    timeout: float,
) -> int:
    try:
        import cv2
        import uvicorn

        from guarismo.web.app import create_app
        from guarismo.web.guard import Settings
    except ImportError as error:
        raise UsageError("{name} is not installed: pip install 'guarismo[serve]'", name=error.name) from error
    if api_key == "" or (api_key is None and os.environ.get("GUARISMO_API_KEY") == ""):  # click takes it for none
        raise UsageError("an empty key; give one, or leave --api-key out")
    threads = min(2, os.cpu_count() or 1)
    settings = Settings(api_key, tuple(map(origin, cors)), keep, max_bytes, max_pixels, queue, timeout, threads)
    app = create_app(Reader(model, line_model, threads=1), settings)
    with _listening(host, port) as listening:
        click.echo(_("guarismo listens on {address}").format(address=_address(listening)), err=True)
        # a picture is in no log: only methods, paths and statuses are, and not even these by default
        cv2.setNumThreads(1)  # a digit is too small for two, and they would wait for each other
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=30)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def origin(name: str) -> str:
    """A web site as browsers name it: no path, not even a slash, no capitals. Raises UsageError where it is none."""
    plain = name.strip().lower().removesuffix("/")
    if plain != "*" and not re.fullmatch(r"https?://(?:\[[0-9a-f:]+\]|[^\s/?#@:\[\]]+)(?::\d+)?", plain):
        raise UsageError(
            "{name!r}: no web site; expected its address without a path, such as https://example.org, or * for all",
            name=name,
        )
    return plain


def _listening(host: str, port: int) -> socket.socket:
    """A socket, before anything is served. Raises OutputError where the address is taken or not this machine's."""
    import socket  # 5 ms that reading is spared

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except (OSError, UnicodeError) as error:  # a name with an empty part, or a long one, is not even asked for
        raise OutputError(
            "{host}:{port}: cannot listen there ({reason}); another server may be using it: choose another --port or "
            "--host",
            host=host,
            port=port,
            reason=getattr(error, "strerror", None) or error,
        ) from error
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
