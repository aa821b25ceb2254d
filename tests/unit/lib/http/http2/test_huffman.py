"""Both decoders of Huffman-coded literals: the same suite, and the same judgement of any bytes."""

from __future__ import annotations

import random
import sys

import pytest
from hpack.hpack import encode_integer
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from steersman.lib.http.http2 import huffman
from steersman.lib.http.http2.frames import ConnectionFault, ErrorCode
from steersman.lib.http.http2.huffman import Literals, best_decode, hpack_decode, jh2_decode

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def literal(coded: bytes) -> bytes:
    prefix = encode_integer(len(coded), 7)
    prefix[0] |= 0x80
    return bytes(prefix) + coded


@pytest.fixture(params=[jh2_decode, hpack_decode])
def decode(request):
    return request.param()


def test_the_example_of_the_specification(decode) -> None:
    assert decode(literal(bytes.fromhex("f1e3c2e5f23a6ba0ab90f4ff"))) == b"www.example.com"


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256)), b"/api/v1/" + b"x" * 5000, b"\xff" * 300])
def test_any_bytes_are_read_back(decode, content: bytes) -> None:
    assert decode(literal(ENCODER.encode(content))) == content


@pytest.mark.parametrize(
    "coded",
    [
        b"\x18",  # "a" and padding of zeros
        b"\x1f\xff",  # "a" and more than 7 bits of padding
        b"\xff\xff\xff\xff",  # the code that stands for the end
        b"\xff",
    ],
)
def test_bad_padding_is_refused(decode, coded: bytes) -> None:
    with pytest.raises(ValueError, match="Huffman"):
        decode(literal(coded))


def test_both_judge_all_bytes_alike() -> None:
    fast, slow = jh2_decode(), hpack_decode()
    rng = random.Random(7541)
    for number in range(3000):
        coded = bytearray(rng.randbytes(rng.randrange(1, 10)) if number % 2 else ENCODER.encode(rng.randbytes(8)))
        if number % 4 == 0:
            coded[-1] ^= 1 << rng.randrange(8)
        assert outcome(fast, literal(bytes(coded))) == outcome(slow, literal(bytes(coded))), bytes(coded)


def outcome(decode, raw: bytes) -> bytes | None:
    try:
        return decode(raw)
    except ValueError:
        return None


def test_without_the_rust_module_the_other_is_used(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jh2._hazmat", None)
    with pytest.raises(ImportError):
        jh2_decode()
    assert best_decode()(literal(b"\x1f")) == b"a"


def test_plain_literals_are_text_as_they_are() -> None:
    literals = Literals(best_decode())
    assert literals.text(b"\x03abc") == "abc"
    assert literals.text(b"\x00") == ""
    assert literals.text(b"\x7f\x01" + b"x" * 128) == "x" * 128
    assert literals.text(b"\x02\xc3\xa9") == "Ã©"


def test_what_is_no_code_is_a_fault_of_the_connection() -> None:
    with pytest.raises(ConnectionFault) as caught:
        Literals(best_decode()).text(literal(b"\x18"))
    assert caught.value.code == ErrorCode.COMPRESSION_ERROR


def test_lengths_of_codes_are_those_of_the_specification() -> None:
    assert list(huffman._CODE_BITS) == REQUEST_CODES_LENGTH[:256]
