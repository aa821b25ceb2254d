"""The opening handshake (RFC 6455, section 4.2)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from steersman.lib.http.message import Headers
from steersman.lib.websocket.handshake import (
    BadHandshake,
    accept,
    asks_for_upgrade,
    asks_for_websocket,
    offered_protocols,
)

GOOD = (
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


def headers(*pairs: tuple[str, str]) -> Headers:
    made = Headers()
    for name, value in pairs:
        made.add(name, value)
    return made


def request(*pairs: tuple[str, str], method: str = "GET") -> Any:
    return SimpleNamespace(method=method, headers=headers(*pairs))


def test_the_key_is_answered_as_in_the_specification() -> None:
    answer = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    )
    assert accept(request(*GOOD), protocol="") == answer
    assert accept(request(*GOOD), protocol="chat") == (*answer, ("Sec-WebSocket-Protocol", "chat"))


@pytest.mark.parametrize(
    ("changed", "method", "status", "header"),
    [
        ({}, "POST", 405, (("Allow", "GET"),)),
        ({"upgrade": "SPDY/3.1"}, "GET", 400, ()),
        ({"connection": "close"}, "GET", 400, ()),
        ({"sec-websocket-version": "8"}, "GET", 400, (("Sec-WebSocket-Version", "13"),)),
        ({"sec-websocket-key": "c2hvcnQ="}, "GET", 400, ()),
        ({"sec-websocket-key": "not base64!"}, "GET", 400, ()),
        ({"sec-websocket-key": "ü"}, "GET", 400, ()),
    ],
)
def test_what_cannot_be_accepted_is_refused(
    changed: dict[str, str], method: str, status: int, header: tuple[tuple[str, str], ...]
) -> None:
    pairs = [(name, changed.get(name, value)) for name, value in GOOD]
    with pytest.raises(BadHandshake) as caught:
        accept(request(*pairs, method=method), protocol="")
    assert (caught.value.status, caught.value.headers) == (status, header)


def test_what_is_asked_for_is_recognised() -> None:
    assert asks_for_websocket(headers(*GOOD))
    assert not asks_for_websocket(headers(("upgrade", "websocket")))
    assert asks_for_upgrade(headers(("connection", "a"), ("connection", "x, UPGRADE")))
    assert not asks_for_upgrade(headers())


def test_protocols_are_offered_in_order() -> None:
    made = headers(("sec-websocket-protocol", "b, a,"), ("sec-websocket-protocol", " c "))
    assert offered_protocols(made) == ["b", "a", "c"]
    assert offered_protocols(headers()) == []
