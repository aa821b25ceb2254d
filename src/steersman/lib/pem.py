"""Reads PEM (RFC 7468) as leniently as Go's encoding/pem: text between blocks is skipped, and so are damaged blocks."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(
    rb"(?:\A|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n(?P<headers>(?:[^\n:]*:[^\n]*\n)*)(?P<body>[^:-]*?)"
    rb"(?:(?<=\n)|(?<=-----\n))-----END \1-----[ \t\r]*(?=\n|\Z)"
)


class Block(NamedTuple):
    """One block: `kind` is what stands after BEGIN, `has_headers` whether lines like `Proc-Type: ...` come first."""

    kind: str
    has_headers: bool
    content: bytes


def blocks(text: bytes) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        if found["headers"] and not found["body"]:
            continue
        try:
            content = base64.b64decode(b"".join(found["body"].split()), validate=True)
        except binascii.Error:
            continue
        yield Block(found[1].decode("utf-8", "replace"), bool(found["headers"]), content)
