"""The wire format: what is written can be read, and what breaks the rules is told apart."""

from __future__ import annotations

import pytest

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.frames import PADDED, ConnectionFault, ErrorCode, Setting


def test_a_frame_has_length_type_flags_and_stream() -> None:
    assert frames.frame(frames.PING, frames.ACK, 5, b"12345678") == b"\x00\x00\x08\x06\x01\x00\x00\x00\x0512345678"


def test_settings_are_read_as_they_were_written() -> None:
    settings = {Setting.MAX_FRAME_SIZE: 20_000, Setting.ENABLE_PUSH: 0, Setting.INITIAL_WINDOW_SIZE: 0x7FFFFFFF}
    assert frames.parse_settings(frames.settings_frame(settings)[9:]) == list(settings.items())


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (Setting.ENABLE_PUSH, 2, ErrorCode.PROTOCOL_ERROR),
        (Setting.INITIAL_WINDOW_SIZE, 0x80000000, ErrorCode.FLOW_CONTROL_ERROR),
        (Setting.MAX_FRAME_SIZE, 16_383, ErrorCode.PROTOCOL_ERROR),
        (Setting.MAX_FRAME_SIZE, 0x1000000, ErrorCode.PROTOCOL_ERROR),
    ],
)
def test_settings_out_of_range_are_refused(name: Setting, value: int, code: ErrorCode) -> None:
    with pytest.raises(ConnectionFault) as caught:
        frames.parse_settings(frames.settings_frame({name: value})[9:])
    assert caught.value.code == code


def test_settings_of_a_wrong_size_are_refused() -> None:
    with pytest.raises(ConnectionFault) as caught:
        frames.parse_settings(b"\x00\x01\x00\x00\x10")
    assert caught.value.code == ErrorCode.FRAME_SIZE_ERROR


@pytest.mark.parametrize(
    ("payload", "content"), [(b"\x00abc", b"abc"), (b"\x02abc\x00\x00", b"abc"), (b"\x01\x00", b"")]
)
def test_padding_is_taken_off(payload: bytes, content: bytes) -> None:
    assert frames.without_padding(PADDED, payload) == content
    assert frames.without_padding(0, payload) == payload


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x05abc"])
def test_more_padding_than_payload_is_a_fault(payload: bytes) -> None:
    with pytest.raises(ConnectionFault):
        frames.without_padding(PADDED, payload)


def test_goaway_says_why() -> None:
    frame = frames.goaway_frame(7, ErrorCode.ENHANCE_YOUR_CALM, "calm down")
    assert frame[9:] == b"\x00\x00\x00\x07\x00\x00\x00\x0bcalm down"


def test_numbers_have_four_bytes() -> None:
    assert frames.parse_number(b"\x00\x00\x01\x00") == 256
    with pytest.raises(ConnectionFault):
        frames.parse_number(b"\x00\x00\x01")
