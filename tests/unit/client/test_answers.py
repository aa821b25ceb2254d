"""Answers understood: whatever pieces they come in."""

from __future__ import annotations

import json
import random

import pytest

from steersman.api.errors import Expired, TooManyRequests
from steersman.client import answers
from steersman.client.answers import EventLines, refused, understood
from steersman.client.errors import Interrupted, retry_after_s


def line(number, kind="ADDED", **fields):
    return (
        json.dumps({"type": kind, "object": {"n": number, "text": "ü\n", **fields}}, ensure_ascii=False).encode()
        + b"\n"
    )


LINES = [line(number) for number in range(20)]


def numbers(events):
    return [event.object["n"] for event in events]


def test_bodies():
    assert understood("GET /x", b"") is None
    assert understood("GET /x", b'{"a":1}\n') == {"a": 1}
    with pytest.raises(Interrupted, match="GET /x: the answer is no JSON"):
        understood("GET /x", b"<html>")


def test_refusals_carry_when_to_come_back():
    error = refused(429, b"slow down\n", "7")
    assert isinstance(error, TooManyRequests)
    assert (str(error), retry_after_s(error)) == ("slow down", 7)
    assert retry_after_s(refused(429, b"", "Wed, 21 Oct 2015 07:28:00 GMT")) is None


@pytest.mark.parametrize("seed", range(20))
def test_events_are_the_same_however_they_are_cut(seed):
    rng, whole, lines = random.Random(seed), b"".join(LINES), EventLines()
    cuts = sorted(rng.randrange(len(whole) + 1) for _ in range(rng.randrange(60)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    seen = []
    while pieces:
        count = rng.randint(1, 4)
        seen += lines.feed(pieces[:count])
        del pieces[:count]
    assert numbers(seen) == list(range(20))
    assert [event.object["text"] for event in seen] == ["ü\n"] * 20


def test_whole_lines_piece_by_piece():
    lines = EventLines()
    assert numbers(lines.feed(LINES)) == list(range(20))
    assert lines.feed([b"\n", b" \n"]) == [], "servers may keep a connection alive so"


def test_an_error_stands_behind_the_events_before_it_and_ends_all():
    status = {"kind": "Status", "reason": "Expired", "code": 410, "message": "too old"}
    error = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
    lines = EventLines()
    assert numbers(lines.feed([LINES[0] + error + LINES[1]])) == [0]
    assert isinstance(lines.error, Expired)
    assert lines.feed([LINES[2]]) == []


@pytest.mark.parametrize("text", [b"<html>\n", b"[1]\n", b"7\n", b'{"type":"ADDED"}\n'])
def test_what_is_no_event_is_told(text):
    with pytest.raises(Interrupted, match="no event"):
        EventLines().feed([text])


def test_lines_are_bounded(monkeypatch):
    monkeypatch.setattr(answers, "LINE_BYTES_MAX", 10)
    with pytest.raises(Interrupted, match="longer than 10 bytes"):
        EventLines().feed([b"123456", b"789012"])
