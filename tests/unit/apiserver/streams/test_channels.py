"""Channels of v5.channel.k8s.io."""

from __future__ import annotations

import pytest

from steersman.apiserver.streams.channels import (
    ChannelError,
    Input,
    TerminalSizes,
    first_channel,
    frame,
    parse_input,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", None),
        (b"\x00", Input(0, b"")),
        (b"\x00abc", Input(0, b"abc")),
        (b"\x09x", Input(9, b"x")),
        (b"\xff\x00", Input(0, b"", closed=True)),
        (b"\xff\x04", Input(4, b"", closed=True)),
    ],
)
def test_messages_begin_with_their_channel(message: bytes, expected: Input | None) -> None:
    assert parse_input(message) == expected


@pytest.mark.parametrize("message", [b"\xff", b"\xff\x05", b"\xff\x00\x00"])
def test_a_close_signal_names_one_channel(message: bytes) -> None:
    with pytest.raises(ChannelError):
        parse_input(message)


def test_the_first_message_is_empty_and_on_the_lowest_channel() -> None:
    assert frame(first_channel({"stdout": True, "stderr": True})) == b"\x01"
    assert frame(first_channel({"stderr": True})) == b"\x02"
    assert frame(first_channel({"stdin": True})) == b"\x03"


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b'{"Width":80,"Height":24}'], [b'{"Width":80,"Height":24}\n']),
        ([b'{"width":1,', b'"HEIGHT":2}\n {}', b""], [b'{"Width":1,"Height":2}\n', b'{"Width":0,"Height":0}\n']),
        ([b'{"Width":1}{"Width":65536}{"Width":2}', b'{"Width":3}'], [b'{"Width":1,"Height":0}\n']),
        ([b'{"Width":true}', b"{}"], []),
        ([b"no", b"{}"], []),
        ([b"{" * 70_000, b"}{}"], []),
    ],
)
def test_sizes_are_read_one_by_one_until_one_is_wrong(pieces: list[bytes], lines: list[bytes]) -> None:
    sizes = TerminalSizes()
    assert [line for piece in pieces for line in sizes.feed(piece)] == lines
