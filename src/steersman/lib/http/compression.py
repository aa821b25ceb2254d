"""gzip for large answers, in slices, so that compressing never holds the loop."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from steersman.lib.aio import Pacer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.lib.http.message import Request
    from steersman.lib.http.stream import BodyStream

COMPRESS_MIN_BYTES = 128 * 1024
_LEVEL = 1  # larger levels cost several times the CPU for a few per cent
_SLICE_BYTES = 32 * 1024
_GZIP_WINDOW_BITS = 31


def negotiate_gzip(request: Request) -> bool:
    """The request accepts gzip (RFC 9110 section 12.5.3): named, or by `*`, and not with a weight of 0."""
    accepted = request.headers.get("accept-encoding")
    if not accepted:
        return False
    if accepted == "gzip":
        return True
    wildcard = False
    for value in request.headers.get_all("accept-encoding"):
        for item in value.split(","):
            coding, _, parameters = item.partition(";")
            coding = coding.strip().lower()
            if coding in ("gzip", "x-gzip"):
                return _weight(parameters) > 0
            if coding == "*":
                wildcard = _weight(parameters) > 0
    return wildcard


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


async def write_gzipped(body: bytes | list[bytes], stream: BodyStream) -> None:
    """Compress `body` into `stream` as fast as the peer reads."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    pacer = Pacer()
    for piece in [body] if isinstance(body, bytes) else body:
        for part in _slices(piece):
            stream.write(compressor.compress(part))
            await pacer.pause()
            if stream.paused:
                await stream.drain()
    stream.write(compressor.flush())


def _slices(piece: bytes) -> Iterator[bytes | memoryview]:
    if len(piece) <= _SLICE_BYTES:
        yield piece
        return
    view = memoryview(piece)
    for start in range(0, len(view), _SLICE_BYTES):
        yield view[start : start + _SLICE_BYTES]
