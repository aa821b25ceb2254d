"""Frames to bytes and back, against bytes that Go's spdystream wrote."""

from __future__ import annotations

import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.lib.spdy.dictionary import header_dictionary
from steersman.lib.spdy.frames import (
    Data,
    Decoder,
    Encoder,
    GoAway,
    Headers,
    Ignored,
    Limits,
    Ping,
    ProtocolError,
    RstStream,
    SynReply,
    SynStream,
)

RECORDED = [
    (
        "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff",
        SynStream(1, (("streamtype", "error"),)),
    ),
    ("800300020000000e000000016260606000000000ffff", SynReply(1, ())),
    (
        "80030001000000240000000300000000000002651e0c695049930829b48b40099cd5c280c1c210000000ffff",
        SynStream(3, (("streamtype", "data"), ("port", "80"), ("port", "81"))),
    ),
    ("000000030000000568656c6c6f", Data(3, b"hello")),
    ("0000000301000000", Data(3, b"", fin=True)),
    ("800300060000000400000002", Ping(2)),
    ("80030003000000080000000300000005", RstStream(3, 5)),
    ("800300040000000c000000010000000700010000", Ignored(4)),
    ("80030009000000080000000100000007", Ignored(9)),
    ("800300080100001100000001829ac40892614c02000000ffff", Headers(1, (("a", "b"),), fin=True)),
    ("80030007000000080000000100000000", GoAway(1, 0)),
]
"""One connection's frames in order: header blocks share a compressor."""


def test_the_dictionary_is_that_of_the_specification() -> None:
    assert (len(header_dictionary()), zlib.adler32(header_dictionary())) == (1423, 0xE3C6A7C2)


def test_what_another_implementation_wrote_is_read() -> None:
    decoder = Decoder()
    for text, frame in RECORDED:
        read = decoder.feed(bytes.fromhex(text))
        if isinstance(frame, SynStream):
            read = [read[0]._replace(headers=tuple(sorted(read[0].headers)))]  # type: ignore[union-attr]
            frame = frame._replace(headers=tuple(sorted(frame.headers)))
        assert read == [frame]


def test_what_is_written_is_read_again() -> None:
    encoder, decoder = Encoder(), Decoder()
    written = [
        encoder.syn_stream(1, (("StreamType", "error"), ("a", "1"), ("a", "2"))),
        encoder.syn_reply(1),
        encoder.headers(1, (("x", "ü"),), fin=True),
        encoder.data(1, b"abc"),
        encoder.data(1, b"", fin=True),
        encoder.rst_stream(1, 5),
        encoder.ping(3),
        encoder.go_away(7, 1),
    ]
    assert decoder.feed(b"".join(written)) == [
        SynStream(1, (("streamtype", "error"), ("a", "1"), ("a", "2"))),
        SynReply(1, ()),
        Headers(1, (("x", "ü"),), fin=True),
        Data(1, b"abc"),
        Data(1, b"", fin=True),
        RstStream(1, 5),
        Ping(3),
        GoAway(7, 1),
    ]


@given(cuts=st.lists(st.integers(0, 260), max_size=12))
def test_it_does_not_matter_how_bytes_arrive(cuts: list[int]) -> None:
    wire = b"".join(bytes.fromhex(text) for text, _ in RECORDED)
    whole = Decoder().feed(wire)
    decoder, edges = Decoder(), sorted({0, *(min(cut, len(wire)) for cut in cuts), len(wire)})
    frames = [frame for start, end in itertools.pairwise(edges) for frame in decoder.feed(wire[start:end])]
    data = b"".join(frame.data for frame in frames if isinstance(frame, Data))
    assert data == b"hello"
    assert [f for f in frames if not isinstance(f, Data)] == [f for f in whole if not isinstance(f, Data)]
    assert [f.fin for f in frames if isinstance(f, Data)][-1]


def test_large_data_is_handed_on_as_it_comes() -> None:
    decoder = Decoder()
    assert decoder.feed(Encoder.data_head(5, 6, fin=True) + b"ab") == [Data(5, b"ab")]
    assert decoder.feed(b"cd") == [Data(5, b"cd")]
    assert decoder.feed(b"ef" + Encoder.data_head(7, 0)) == [Data(5, b"ef", fin=True), Data(7, b"")]


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("000000000000000161", "data of stream 0"),
        ("800200060000000400000002", "version 2"),
        ("8003000600000003000000", "3 bytes of payload"),
        ("800300070000000400000002", "4 bytes of payload"),
        ("80030003000000080000000000000005", "stream 0"),
        ("80030001000000020000", "2 bytes of payload"),
        ("800300020000000600000001ffff", "header block"),
        ("8003000201000000", "0 bytes of payload"),
    ],
)
def test_what_is_no_spdy_ends_the_connection(wire: str, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        Decoder().feed(bytes.fromhex(wire))


def _block(plain: bytes) -> bytes:
    compressor = zlib.compressobj(zdict=header_dictionary())
    block = compressor.compress(plain) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return bytes.fromhex("80030002") + (4 + len(block)).to_bytes(4, "big") + bytes.fromhex("00000001") + block


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (b"\0\0\0\1\0\0\0\1A\0\0\0\1b", "not lower case"),
        (b"\0\0\0\2" + 2 * b"\0\0\0\1a\0\0\0\1b", "repeats a name"),
        (b"\0\0\0\1\0\0\0\1a\0\0\0\2b", "too early"),
        (b"\0\0\0\1\xff\xff\xff\xff", "too early"),
        (b"\0\0\0\0x", "more than its headers"),
        (b"\xff\xff\xff\xff", "limit is 1000"),
        (b"\0\0\0\1\0\0\0\1a\0\0\1\0" + bytes(300), "larger than 64 bytes"),
    ],
)
def test_header_blocks_are_judged(plain: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        Decoder(limits=Limits(headers_bytes_max=64)).feed(_block(plain))


def test_control_frames_are_bounded() -> None:
    with pytest.raises(ProtocolError, match="limit is 100"):
        Decoder(limits=Limits(control_bytes_max=100)).feed(bytes.fromhex("80030004000000ff"))
