"""Thousands of broken uploads at the service: writes results/broken_uploads.json.

    python benchmarks/broken_uploads.py                 5,000 of them
    python benchmarks/broken_uploads.py --count 200     a try, in results/trial.json

Each is a picture or a body with one thing wrong: cut short, bits turned, a header that claims to be huge, another type,
another length, a torn form, JSON that is none. Every answer must be a reading or a refusal of the caller's (4xx), and
the server must read a good picture afterwards in the memory that it had.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import record
from PIL import Image
from serve import Server, resident

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SEED = 2026
SLOWEST = 1.0
"""Seconds within which a refusal must come."""

Rng = np.random.Generator
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")


@dataclass(frozen=True, slots=True)
class Upload:
    """What is sent where; ``good`` where it may well be read."""

    kind: str
    content: bytes
    content_type: str
    path: str = "/v1/read"


def _picture(rng: Rng) -> tuple[bytes, str]:
    """A good one, in one of the formats."""
    names = sorted(path.name for path in EXAMPLES.glob("*.png"))
    with Image.open(EXAMPLES / str(rng.choice(names))) as opened:
        picture = opened.convert("L").resize((96, 96))
    form = str(rng.choice(FORMATS))
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue(), f"image/{form.lower()}"


def _cut(rng: Rng) -> Upload:
    data, kind = _picture(rng)
    return Upload("cut short", data[: int(rng.integers(0, len(data)))], kind)


def _flipped(rng: Rng) -> Upload:
    data, kind = _picture(rng)
    turned = bytearray(data)
    for place in rng.integers(0, len(data), int(rng.integers(1, 40))):
        turned[place] ^= 1 << int(rng.integers(8))
    return Upload("bits turned", bytes(turned), kind)


def _noise(rng: Rng) -> Upload:
    return Upload("noise", rng.bytes(int(rng.integers(0, 5000))), "image/png")


def _magic(rng: Rng) -> Upload:
    data, kind = _picture(rng)
    return Upload("noise behind a header", data[: int(rng.integers(2, 40))] + rng.bytes(3000), kind)


def _bomb(rng: Rng) -> Upload:
    """A PNG of few bytes that claims many pixels, some of them really in it."""
    wide, high = (int(2 ** rng.uniform(12, 31)) for _ in range(2))
    header = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(min(wide * high, 3_000_000)), 9)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return Upload("bomb", png, "image/png")


def _other(rng: Rng) -> Upload:
    kinds = {"text/plain": b"seven", "application/pdf": b"%PDF-1.7\n", "image/svg+xml": b"<svg/>", "text/html": b"<p>"}
    kind = str(rng.choice(list(kinds)))
    return Upload("another type", kinds[kind] + rng.bytes(100), kind)


def _torn_form(rng: Rng) -> Upload:
    data, _kind = _picture(rng)
    whole = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + data + b"\r\n--b--\r\n"
    place = int(rng.integers(0, len(whole)))
    torn = whole[:place] if rng.random() < 0.5 else whole[:place] + rng.bytes(9) + whole[place + 9 :]
    return Upload("torn form", torn, str(rng.choice(["multipart/form-data; boundary=b", "multipart/form-data"])))


def _bad_json(rng: Rng) -> Upload:
    data, _kind = _picture(rng)
    good = json.dumps({"image": base64.b64encode(data).decode()}).encode()
    place = int(rng.integers(0, len(good)))
    bodies = (
        good[:place],
        good[:place] + rng.bytes(3) + good[place:],
        b"[" * 100_000,
        b'{"image": 7}',
        b"null",
        b'{"drawing": {"width": 1e999, "height": 9, "strokes": []}}',
    )
    paths = ("/v1/read", "/v1/digits", "/v2/models/digit/infer")
    return Upload("bad JSON", bodies[int(rng.integers(len(bodies)))], "application/json", str(rng.choice(paths)))


MAKERS: tuple[Callable[[Rng], Upload], ...] = (
    _cut,
    _flipped,
    _noise,
    _magic,
    _bomb,
    _other,
    _torn_form,
    _bad_json,
)


def uploads(count: int, seed: int = SEED) -> Iterator[Upload]:
    """``count`` of them, kind by kind in turn."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        yield MAKERS[number % len(MAKERS)](rng)


async def send_all(client: httpx.AsyncClient, count: int, pid: int) -> tuple[list[tuple[str, int, float]], list[float]]:
    """Kind, status and seconds of each, one after the other; and the server's memory in MB, eleven times on the way."""
    said, held = [], [resident(pid) / 1e6]
    for number, one in enumerate(uploads(count), 1):
        began = time.perf_counter()
        answer = await client.post(one.path, content=one.content, headers={"content-type": one.content_type})
        said.append((one.kind, answer.status_code, time.perf_counter() - began))
        if number * 10 // count > (number - 1) * 10 // count:
            held.append(resident(pid) / 1e6)
    return said, held


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5000)
    asked = parser.parse_args()
    with Server() as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            await send_all(client, min(asked.count, 200), server.pid)  # what is loaded once is loaded
            said, held = await send_all(client, asked.count, server.pid)
            good = await client.post("/v1/read", content=(EXAMPLES / "seven.png").read_bytes())
    figures: dict[str, Any] = {
        "command": " ".join(["python", "benchmarks/broken_uploads.py", *sys.argv[1:]]),
        "n": len(said),
        "statuses": {str(status): n for status, n in sorted(Counter(status for _kind, status, _s in said).items())},
        "by_kind": {
            kind: dict(sorted(Counter(str(s) for k, s, _t in said if k == kind).items()))
            for kind in sorted({kind for kind, _status, _seconds in said})
        },
        "slowest_seconds": max(seconds for _kind, _status, seconds in said),
        "resident_mb": [round(one, 1) for one in held],
        "reads_afterwards": good.json()["numbers"][0]["text"] == "7",
    }
    record.write("broken_uploads" if asked.count >= 5000 else "trial", figures)
    failed = [one for one in said if one[1] >= 500 or one[2] > SLOWEST]
    if failed or not figures["reads_afterwards"]:
        print(f"failed: {failed[:5]}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asyncio.run(main())
