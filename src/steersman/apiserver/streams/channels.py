"""The sub-protocol v5.channel.k8s.io: each WebSocket message begins with the number of its channel. Pure.

0 stdin   1 stdout   2 stderr   3 the Status at the end   4 terminal sizes   255 followed by a number: that channel
is closed by the client
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

V5 = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)
CLOSE = 255
_SIZES_BYTES_MAX = 64 << 10


class ChannelError(Exception):
    """The client broke the sub-protocol: the connection ends."""


class Input(NamedTuple):
    """What a client sent. `closed`: that is the last of this channel."""

    channel: int
    data: bytes
    closed: bool = False


def parse_input(message: bytes) -> Input | None:
    """None: nothing to do. Raises ChannelError."""
    if not message:
        return None
    channel = message[0]
    if channel == CLOSE:
        if len(message) != 2 or message[1] > RESIZE:
            raise ChannelError("a close signal names one channel")
        return Input(message[1], b"", closed=True)
    return Input(channel, message[1:])


def frame(channel: int, data: bytes = b"") -> bytes:
    return bytes((channel,)) + data


def first_channel(options: dict[str, Any]) -> int:
    """The lowest channel on which the client will get something: it is told there that the stream is open."""
    if options.get("stdout"):
        return STDOUT
    return STDERR if options.get("stderr") else STATUS


class TerminalSizes:
    """Documents `{"Width": 80, "Height": 24}` one after the other, in pieces of any length.

    After one that cannot be read the rest is ignored, as upstream does.
    """

    def __init__(self) -> None:
        self._text = b""
        self._broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """The sizes that are complete now, each as the line in which kubelets expect it."""
        if self._broken:
            return []
        self._text += data
        sizes = []
        try:
            while self._text.strip():
                size, end = _next_document(self._text)
                if end < 0:
                    break
                self._text = self._text[end:]
                sizes.append(_line(size))
            self._broken = len(self._text) > _SIZES_BYTES_MAX
        except ValueError:
            self._broken = True
        if self._broken:
            self._text = b""
        return sizes


def _next_document(text: bytes) -> tuple[Any, int]:
    """The first document and where it ends, -1 if it is not complete. Raises ValueError."""
    stripped = text.lstrip()
    end = stripped.find(b"}") + 1
    if not end:
        if not stripped.startswith(b"{"):
            raise ValueError("not an object")
        return None, -1
    return json.loads(stripped[:end]), len(text) - len(stripped) + end


def _line(size: Any) -> bytes:
    found = {"width": 0, "height": 0}
    for name, value in size.items():
        if name.lower() in found:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
                raise ValueError(f"{name} is no terminal size")
            found[name.lower()] = value
    return b'{"Width":%d,"Height":%d}\n' % (found["width"], found["height"])
