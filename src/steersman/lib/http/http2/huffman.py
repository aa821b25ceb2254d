"""String literals of HPACK (RFC 7541 section 5.2), by whoever decodes their Huffman code best.

jh2's decoder is in Rust and ten times as fast as the one of `hpack`, which is pure Python. But it lies in a private
module, so nothing else is used of it, and it is asked for one whole literal at a time: it panics about truncated ones
and takes any padding for good. Hence the length is checked before, and the padding after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.lib.http.http2.frames import ConnectionFault, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable

_FIELD = b"\x00\x01x"
"""A literal field that is not remembered, named "x"; a string literal behind it makes a whole header block."""
_LITERAL_BYTES_MAX = 1 << 22
_CODE_BITS = bytes.fromhex(
    "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c060a0a0c0d06080b0a0a080b08060606"
    "0505050606060606060607080f060c0a0d06070707070707070707070707070707070707070707070807080d130d0e06"
    "0f05060506050606060507070606060506070605050607070707070f0b0e0d1c14161414161616171617171717171817"
    "181816171817171717151617161717181615141616171715171616181516171715151615171617171416161617161617"
    "1a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b14181415161515171616191918181a17"
    "1a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a"
)
"""The length of each byte's code (RFC 7541 appendix B)."""


def jh2_decode() -> Callable[[bytes], bytes]:
    """Decodes the content of a Huffman-coded literal; raises ValueError. ImportError without jh2's Rust module."""
    from jh2._hazmat import Decoder, HPACKError  # noqa: PLC0415

    decode = Decoder(_LITERAL_BYTES_MAX).decode

    def content(literal: bytes) -> bytes:
        try:
            [(_, value, _)] = decode(_FIELD + literal, True)
        except HPACKError as error:
            raise ValueError("not a Huffman code") from error
        value = bytes(value)
        # A byte of padding would be a whole code of its own, and padding is the beginning of the longest: all ones.
        coded = literal[_prefix_bytes(literal) :]
        padding = 8 * len(coded) - sum(value.translate(_CODE_BITS))
        if not 0 <= padding < 8 or (padding and (coded[-1] + 1) & ((1 << padding) - 1)):
            raise ValueError("bad padding of a Huffman code")
        return value

    return content


def hpack_decode() -> Callable[[bytes], bytes]:
    """The same by the `hpack` package."""
    from hpack import Decoder, HPACKError  # noqa: PLC0415

    decode = Decoder(_LITERAL_BYTES_MAX).decode

    def content(literal: bytes) -> bytes:
        try:
            [(_, value)] = decode(_FIELD + literal, raw=True)
        except HPACKError as error:
            raise ValueError("not a Huffman code") from error
        return bytes(value)

    return content


def best_decode() -> Callable[[bytes], bytes]:
    """jh2's where it has been built for this machine, else that of `hpack`."""
    try:
        return jh2_decode()
    except ImportError:
        return hpack_decode()


class Literals:
    """Whole string literals as text."""

    __slots__ = ("_decode",)

    def __init__(self, decode: Callable[[bytes], bytes]) -> None:
        self._decode = decode

    def text(self, literal: bytes) -> str:
        """The text of a complete literal, its length before it. Raises ConnectionFault when it has none."""
        if literal[0] & 0x80:
            if len(literal) > _LITERAL_BYTES_MAX // 2:  # the shortest codes are of 5 bits
                raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, "string literal is too long")
            try:
                return self._decode(literal).decode("latin-1")
            except ValueError as error:
                raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, str(error)) from error
        return literal[_prefix_bytes(literal) :].decode("latin-1")


def _prefix_bytes(literal: bytes) -> int:
    """How many bytes at the beginning of a literal are its length."""
    if literal[0] & 0x7F != 0x7F:
        return 1
    size = 2
    while literal[size - 1] & 0x80:
        size += 1
    return size
