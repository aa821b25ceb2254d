"""Request targets and Host (RFC 9112 section 3.2, RFC 9110 section 7.2), as pure functions."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_CHARACTER = re.compile(r"[^\x21-\x7e]|#")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9!$%&()*+,\-.:;=\[\]'_~]*")


class Target(NamedTuple):
    """A request target, taken apart. `host` is None unless the target names an authority itself."""

    path: str
    raw_path: str
    query: str
    host: str | None


def parse_target(raw: bytes) -> Target:
    """Origin form, absolute form and `*`. Raises ValueError, with the reason, for all else."""
    text = raw.decode("latin-1")
    if _BAD_CHARACTER.search(text):
        raise ValueError("invalid character in the request target")
    host = None
    if not text.startswith("/"):
        if text == "*":
            return Target("*", "*", "", None)
        absolute = _ABSOLUTE.fullmatch(text)
        if absolute is None or not absolute[1] or "@" in absolute[1] or not valid_host(absolute[1]):
            raise ValueError("invalid request target")
        host, text = absolute[1], absolute[2]
        if not text.startswith("/"):
            text = "/" + text
    raw_path, _, query = text.partition("?")
    if "%" not in raw_path:
        return Target(raw_path, raw_path, query, host)
    if _BAD_ESCAPE.search(raw_path):
        raise ValueError("invalid URL escape in the request target")
    return Target(unquote(raw_path), raw_path, query, host)


def valid_host(value: str) -> bool:
    """The value consists of what may stand in a Host header (an empty one is allowed)."""
    return _HOST.fullmatch(value) is not None
