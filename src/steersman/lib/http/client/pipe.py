"""Two raw streams joined: what one side sends, the other receives, at the pace of the slower."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from steersman.lib.aio import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable


class Pipeable(Protocol):
    """What `pipe` needs of a stream; `lib.http.stream.RawStream` is one."""

    closed: asyncio.Future[None]

    async def read(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    def write_eof(self) -> bool: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def on_close(self, callback: Callable[[], None]) -> None: ...


async def pipe(a: Pipeable, b: Pipeable) -> None:
    """Copy both ways until both have ended; then both are closed.

    A side that sends no more is half-closed at the other end where the transport can say so (TCP); where it cannot
    (TLS), the other end is closed, as nothing else would tell its peer. When one goes away altogether the other is
    closed after what was on its way to it. A caller that is cancelled cuts both.
    """
    tasks = Tasks(on_crash=lambda _name, _error: None)  # their results are looked at below
    copies = [tasks.start(_copy(a, b), name="pipe there"), tasks.start(_copy(b, a), name="pipe back")]
    try:
        await asyncio.gather(*copies)
    except BaseException:
        a.abort()
        b.abort()
        raise
    finally:
        await tasks.close()
    a.close()
    b.close()


async def _copy(source: Pipeable, sink: Pipeable) -> None:
    try:
        while data := await source.read():
            sink.write(data)
            await sink.drain()
    except ConnectionResetError:
        # Nobody takes what comes from here: its sender is told in the only way there is.
        source.close()
        return
    if source.closed.done() or not sink.write_eof():
        sink.close()
