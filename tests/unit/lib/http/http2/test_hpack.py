"""Header blocks: the dynamic table against another implementation, limits, and blocks without meaning."""

from __future__ import annotations

import random

import hpack
import pytest

from steersman.lib.http.http2.frames import ConnectionFault, ErrorCode
from steersman.lib.http.http2.hpack import STATIC_TABLE, TABLE_BYTES, Decoder, encode_field, encode_number
from steersman.lib.http.http2.huffman import Literals, best_decode, hpack_decode, jh2_decode
from steersman.lib.http.http2.requests import Field, Lexicon

LITERALS = Literals(best_decode())


def decoder(list_bytes_max: int = 1 << 20, literals: Literals = LITERALS) -> Decoder[Field]:
    lexicon = Lexicon(literals.text)
    return Decoder(
        static=lexicon.static,
        paths=lexicon.paths,
        text=lexicon.text,
        make=Field,
        list_bytes_max=list_bytes_max,
    )


def read(reader: Decoder[Field], block: bytes) -> list[tuple[str, str]]:
    fields = reader.decode(block)
    assert fields is not None
    return [(field.name, field.value) for field in fields]


def test_the_static_table_is_that_of_the_specification() -> None:
    assert [(n.encode(), v.encode()) for n, v in STATIC_TABLE] == list(hpack.table.HeaderTable.STATIC_TABLE)


@pytest.mark.parametrize("huffman", [False, True])
@pytest.mark.parametrize("decode", [jh2_decode, hpack_decode])
def test_lists_are_read_as_another_implementation_writes_them(huffman: bool, decode) -> None:
    rng = random.Random(9113)
    reader, writer = decoder(literals=Literals(decode())), hpack.Encoder()
    names = [name for name, _ in STATIC_TABLE if name[0] != ":"] + ["x-one", "x-two", "audit-id"]
    for number in range(400):
        if number % 50 == 49:
            writer.header_table_size = rng.choice((0, 100, 1000, TABLE_BYTES))
        fields = [(":method", "GET"), (":path", f"/api/{rng.randrange(40)}")]
        fields += [(rng.choice(names), "v" * rng.choice((0, 3, 40, 900)) + str(rng.randrange(6))) for _ in range(8)]
        mixed = [hpack.NeverIndexedHeaderTuple(*pair) if rng.random() < 0.2 else pair for pair in fields]
        assert read(reader, writer.encode(mixed, huffman=huffman)) == fields


def test_equal_fields_are_one_object_while_they_are_remembered() -> None:
    reader, writer = decoder(), hpack.Encoder()
    fields = [(":path", "/x"), hpack.NeverIndexedHeaderTuple("authorization", "Bearer abc"), ("accept", "a")]
    first, second = (reader.decode(writer.encode(fields)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert [a is b for a, b in zip(first, second, strict=True)] == [True, True, True]


def test_changes_are_counted_so_that_equal_blocks_can_be_trusted() -> None:
    reader, writer = decoder(), hpack.Encoder()
    reader.decode(writer.encode([("x-a", "1")]))
    changes = reader.changes
    block = writer.encode([("x-a", "1"), hpack.NeverIndexedHeaderTuple("x-b", "2")])
    assert read(reader, block) == [("x-a", "1"), ("x-b", "2")]
    assert reader.changes == changes


def test_an_entry_larger_than_the_table_empties_it() -> None:
    reader = decoder()
    reader.decode(b"\x40\x01a\x01b")
    reader.decode(b"\x40\x01x" + encode_number(5000, bits=7) + b"y" * 5000)
    with pytest.raises(ConnectionFault):
        reader.decode(b"\xbe")


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # index 0
        b"\xbe",  # an entry of an empty table
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a number without end
        b"\xff",
        b"\x00",  # literals that end too early
        b"\x00\x05ab",
        b"\x40\x01a",
        b"\x00\x01a\x7f",
        b"\x7f",
        b"\x3f\xe2\x1f",  # a table of 4097 bytes
        b"\x82\x20",  # a change of its size behind a field
        b"\x20\x20\x20",  # three of them
        b"\x00\x81\x18\x01b",  # bad padding
    ],
)
def test_blocks_without_meaning_are_faults_of_the_connection(block: bytes) -> None:
    with pytest.raises(ConnectionFault) as caught:
        decoder().decode(block)
    assert caught.value.code == ErrorCode.COMPRESSION_ERROR


def test_random_blocks_never_do_anything_else() -> None:
    rng = random.Random(1)
    for _ in range(4000):
        reader = decoder(list_bytes_max=2000)
        try:
            for _ in range(3):
                reader.decode(rng.randbytes(rng.randrange(40)))
        except ConnectionFault:
            continue


def test_two_changes_of_size_may_begin_a_block() -> None:
    assert read(decoder(), b"\x20\x3f\xe1\x1f\x82") == [(":method", "GET")]


def test_a_small_block_that_means_a_large_list_is_not_kept() -> None:
    """A field of the table costs one byte to name again."""
    reader = decoder(list_bytes_max=20_000)
    reader.decode(b"\x40\x01x" + encode_number(4000, bits=7) + b"y" * 4000)
    assert reader.decode(b"\xbe" * 4) is not None
    assert reader.decode(b"\xbe" * 5) is None
    assert reader.decode(b"\xbe") is not None, "the table is as before"


def test_the_table_goes_on_behind_a_list_that_is_too_large() -> None:
    reader = decoder(list_bytes_max=1000)
    assert reader.decode((b"\x00\x01a\x01b" * 60) + b"\x40\x01c\x01d") is None
    assert read(reader, b"\xbe") == [("c", "d")]


def test_a_list_that_is_far_too_large_ends_the_connection() -> None:
    reader = decoder(list_bytes_max=1000)
    with pytest.raises(ConnectionFault) as caught:
        reader.decode(b"\x82" * 100_000)
    assert caught.value.code == ErrorCode.ENHANCE_YOUR_CALM


def test_memories_are_bounded() -> None:
    reader = decoder()
    for number in range(10_000):
        reader.decode(encode_field("x-" + str(number), b"v") + encode_field(":path", b"/%d" % number))
    assert len(reader._memory) <= 64
    assert len(reader._paths) <= 4096
    assert not reader._table


@pytest.mark.parametrize("number", [0, 14, 15, 16, 127, 128, 300, 70_000])
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    for bits in (4, 5, 6, 7):
        assert encode_number(number, bits=bits) == bytes(hpack.hpack.encode_integer(number, bits))


def test_fields_are_encoded_without_any_table() -> None:
    fields = [(":status", b"404"), ("content-type", b"text/plain"), ("audit-id", b"\xe9"), ("x" * 200, b"y" * 300)]
    peer = hpack.Decoder()
    peer.max_header_list_size = 1 << 20
    block = b"".join(encode_field(name, value) for name, value in fields)
    for _ in range(2):
        assert [(n.decode(), v) for n, v in peer.decode(block, raw=True)] == fields
    assert not peer.header_table.dynamic_entries
