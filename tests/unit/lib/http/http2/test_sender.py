"""What leaves a connection: windows, turns, one write for each turn of the loop."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.lib.http.http2 import frames
from steersman.lib.http.http2.sender import Outgoing, Sender
from steersman.lib.http.timers import Wheel


class Wire:
    """A transport that keeps what was written, and a loop that runs what it was given when told so."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.soon: deque = deque()
        self.sender = Sender(
            transport=self,  # type: ignore[arg-type]
            call_soon=self.soon.append,
            wheel=Wheel(tick_s=1, on_tick=lambda: None),
            high_bytes=1000,
        )

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def turn(self) -> None:
        for _ in range(len(self.soon)):
            self.soon.popleft()()

    def run(self) -> None:
        while self.soon:
            self.turn()

    def data(self) -> list[tuple[int, bytes, bool]]:
        """Stream, content and whether it is the end, of each frame of data."""
        found, raw, at = [], b"".join(self.writes), 0
        while at < len(raw):
            head, flags, stream = frames.FRAME_HEAD.unpack_from(raw, at)
            end = at + 9 + (head >> 8)
            if head & 0xFF == frames.DATA:
                found.append((stream, raw[at + 9 : end], bool(flags & frames.END_STREAM)))
            at = end
        return found


class Stream(Outgoing):
    done = False

    def sent(self) -> None:
        self.done = True


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_what_is_sent_in_one_turn_leaves_in_one_write(wire: Wire) -> None:
    stream = Stream(1, 1000)
    wire.sender.control(frames.frame(frames.PING, 1, 0, b"12345678"))
    wire.sender.write(stream, b"abc")
    wire.sender.write(stream, b"def")
    wire.sender.end(stream)
    assert wire.writes == []
    wire.run()
    assert len(wire.writes) == 1
    assert wire.data() == [(1, b"abc", False), (1, b"def", False), (1, b"", True)]
    assert stream.done


def test_while_it_is_corked_nothing_is_scheduled(wire: Wire) -> None:
    wire.sender.corked = True
    wire.sender.control(b"x")
    assert not wire.soon
    wire.sender.flush()
    assert wire.writes == [b"x"]


def test_a_stream_waits_for_its_window_and_keeps_nobody_waiting(wire: Wire) -> None:
    blocked, other = Stream(1, 4), Stream(3, 100)
    wire.sender.write(blocked, b"abcdefgh")
    wire.sender.end(blocked)
    wire.sender.write(other, b"xyz")
    wire.run()
    assert wire.data() == [(3, b"xyz", False), (1, b"abcd", False)]
    assert wire.sender.widen_stream(blocked, 4)
    wire.run()
    assert wire.data()[2:] == [(1, b"efgh", True)]
    assert blocked.done


def test_the_window_of_the_connection_holds_all(wire: Wire) -> None:
    first, second = Stream(1, 1 << 20), Stream(3, 1 << 20)
    for stream in (first, second):
        for _ in range(4):
            wire.sender.write(stream, b"x" * 16_000)
        wire.sender.end(stream)
    wire.run()
    assert sum(len(data) for _, data, _ in wire.data()) == 65_535
    assert wire.sender.small_bytes() == -1
    assert wire.sender.widen(1 << 20)
    wire.run()
    assert (first.done, second.done) == (True, True)
    assert sum(len(data) for _, data, _ in wire.data()) == 128_000


def test_large_answers_take_turns(wire: Wire) -> None:
    wire.sender.widen(1 << 24)
    streams = [Stream(number, 1 << 24) for number in (1, 3, 5)]
    for stream in streams:
        stream.pieces = iter([b"a" * 100_000, b"", b"b" * 20_000])
        wire.sender.end(stream)
    wire.run()
    order = [stream for stream, _, _ in wire.data()]
    assert order[:9] == [1, 3, 5] * 3
    for stream in streams:
        content = b"".join(data for number, data, _ in wire.data() if number == stream.id)
        assert content == b"a" * 100_000 + b"b" * 20_000
    assert [end for _, _, end in wire.data()][-3:] == [True] * 3


def test_small_answers_pass_large_ones_while_the_window_is_ample(wire: Wire) -> None:
    stream = Stream(1, 1 << 24)
    stream.pieces = iter([b"x" * (1 << 22)])
    wire.sender.end(stream)
    assert wire.sender.small_bytes() == -1
    wire.sender.widen(1 << 24)
    assert wire.sender.small_bytes() == 16_384


def test_one_turn_writes_so_much_and_no_more(wire: Wire) -> None:
    wire.sender.widen(1 << 24)
    stream = Stream(1, 1 << 24)
    stream.pieces = iter([b"x" * (1 << 22)])
    wire.sender.end(stream)
    wire.turn()
    assert 256 * 1024 <= sum(map(len, wire.writes)) < 400 * 1024
    wire.run()
    assert stream.done


def test_nothing_but_control_is_written_to_a_full_transport(wire: Wire) -> None:
    stream = Stream(1, 1 << 20)
    wire.sender.pause()
    wire.sender.write(stream, b"abc")
    wire.sender.control(frames.frame(frames.PING, 1, 0, b"12345678"))
    wire.run()
    assert wire.data() == []
    assert len(wire.writes) == 1
    assert stream.pending_bytes == 3
    wire.sender.resume()
    assert wire.data() == [(1, b"abc", False)]


def test_a_forgotten_stream_sends_nothing(wire: Wire) -> None:
    stream = Stream(1, 2)
    wire.sender.write(stream, b"abc")
    wire.sender.end(stream)
    wire.sender.forget(stream)
    wire.run()
    assert wire.data() == []
    assert not stream.done


def test_windows_do_not_grow_beyond_all_bounds(wire: Wire) -> None:
    assert not wire.sender.widen(0x7FFFFFFF)
    assert not wire.sender.widen_stream(Stream(1, 1), 0x7FFFFFFF)


def test_a_window_may_fall_below_nothing(wire: Wire) -> None:
    stream = Stream(1, 10)
    wire.sender.widen_stream(stream, -20)
    wire.sender.write(stream, b"abc")
    wire.run()
    assert wire.data() == []
    wire.sender.widen_stream(stream, 13)
    wire.run()
    assert wire.data() == [(1, b"abc", False)]


def test_room_ends_where_too_much_waits(wire: Wire) -> None:
    stream = Stream(1, 0)
    wire.sender.write(stream, b"x" * 999)
    assert wire.sender.room(stream)
    wire.sender.write(stream, b"x")
    assert not wire.sender.room(stream)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 40_000)),
            st.tuples(st.just("window"), st.integers(0, 2), st.integers(1, 50_000)),
            st.tuples(st.just("connection"), st.just(0), st.integers(1, 50_000)),
            st.tuples(st.sampled_from(["pause", "resume", "turn"]), st.just(0), st.just(0)),
        ),
        max_size=40,
    )
)
def test_whatever_happens_streams_are_whole_and_windows_are_kept(steps: list) -> None:
    wire = Wire()
    streams = [Stream(number, 10_000) for number in (1, 3, 5)]
    written, allowed, connection = [b""] * 3, [10_000] * 3, 65_535
    for step, at, amount in steps:
        if step == "write":
            piece = bytes([len(written[at]) % 251]) * amount
            written[at] += piece
            wire.sender.write(streams[at], piece)
        elif step == "window":
            allowed[at] += amount
            wire.sender.widen_stream(streams[at], amount)
        elif step == "connection":
            connection += amount
            wire.sender.widen(amount)
        elif step == "turn":
            wire.turn()
        else:
            getattr(wire.sender, step)()
        sent = [b"".join(d for s, d, _ in wire.data() if s == stream.id) for stream in streams]
        assert all(len(s) <= a for s, a in zip(sent, allowed, strict=True))
        assert sum(map(len, sent)) <= connection
    wire.sender.resume()
    wire.sender.widen(1 << 24)
    for stream in streams:
        wire.sender.widen_stream(stream, 1 << 24)
        wire.sender.end(stream)
    wire.run()
    assert [b"".join(d for s, d, _ in wire.data() if s == stream.id) for stream in streams] == written
    assert all(stream.done for stream in streams)
