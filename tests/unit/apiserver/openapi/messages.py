"""Reads protobuf messages without knowing them."""

from __future__ import annotations

from typing import Any


def fields(data: bytes) -> dict[int, list[Any]]:
    """Number -> values: numbers, or bytes."""
    out: dict[int, list[Any]] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            out.setdefault(tag >> 3, []).append(varint())
            continue
        size = 8 if tag & 7 == 1 else varint()
        out.setdefault(tag >> 3, []).append(data[at : at + size])
        at += size
    return out
