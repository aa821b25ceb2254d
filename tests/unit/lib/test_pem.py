from __future__ import annotations

import pytest

from steersman.lib.pem import Block, blocks

BLOCK = b"-----BEGIN A-----\nYWJj\nZGVm\n-----END A-----\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", []),
        (b"nothing", []),
        (BLOCK, [Block("A", has_headers=False, content=b"abcdef")]),
        (b"before\n" + BLOCK + b"between\n" + BLOCK, [Block("A", has_headers=False, content=b"abcdef")] * 2),
        (b"-----BEGIN A-----\nk: v\n\nYWJj\n-----END A-----", [Block("A", has_headers=True, content=b"abc")]),
        (b"-----BEGIN A-----\nYWJj\n-----END B-----\n", []),
        (b"-----BEGIN A-----\nY\n-----END A-----\n" + BLOCK, [Block("A", has_headers=False, content=b"abcdef")]),
        (b"-----BEGIN A-----\n-----END A-----\n", [Block("A", has_headers=False, content=b"")]),
        (b"-----BEGIN A-----\nk: v\n-----END A-----\n", []),
        (BLOCK.replace(b"\n", b"\r\n"), [Block("A", has_headers=False, content=b"abcdef")]),
    ],
)
def test_blocks_are_found_and_damage_is_skipped(text: bytes, found: list[Block]) -> None:
    assert list(blocks(text)) == found
