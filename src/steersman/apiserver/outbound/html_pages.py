"""Compressed or plain HTML whose links are rewritten while it passes: taken apart, changed, put together again. Pure.

Invariant: what one piece of a compressed page unfolds to is handled in parts of at most `UNFOLDED_BYTES_MAX`.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from steersman.apiserver.outbound.html_links import LinkRewriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNFOLDED_BYTES_MAX = 256 * 1024
_GZIP_BITS, _RAW_BITS = 16 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_BITS = {"gzip": _GZIP_BITS, "deflate": _RAW_BITS}


class BrokenPage(ValueError):
    """A page is not encoded as its header says."""


class PageRewriter:
    """Fed with the body as it comes; what can be passed on leaves in pieces."""

    def __init__(self, encoding: str, rewrite: Callable[[str], str]) -> None:
        """`encoding`: the value of Content-Encoding; see `understands`."""
        self._links = LinkRewriter(rewrite)
        bits = _BITS.get(encoding)
        self._unfold = None if bits is None else zlib.decompressobj(bits)
        self._fold = None if bits is None else zlib.compressobj(wbits=bits)

    @staticmethod
    def understands(encoding: str) -> bool:
        return encoding == "" or encoding in _BITS

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises BrokenPage."""
        if self._unfold is None or self._fold is None:
            yield self._links.feed(data)
            return
        try:
            while data:
                page = self._unfold.decompress(data, UNFOLDED_BYTES_MAX)
                data = self._unfold.unconsumed_tail
                changed = self._links.feed(page)
                if changed:
                    # Flushed, so that a page that comes slowly is seen while it comes.
                    yield self._fold.compress(changed) + self._fold.flush(zlib.Z_SYNC_FLUSH)
        except zlib.error as error:
            raise BrokenPage(str(error)) from None

    def end(self) -> Iterator[bytes]:
        """What was held back."""
        if self._unfold is None or self._fold is None:
            yield self._links.end()
            return
        yield self._fold.compress(self._links.feed(self._unfold.flush()) + self._links.end()) + self._fold.flush()
