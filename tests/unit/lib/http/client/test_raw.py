"""Upgraded connections whose peer closes before everything was said and read."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from steersman.lib.http.client.answer import Upgraded
from steersman.lib.http.client.message import Target

LAST_WORDS = b"that is all" * 1000
UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "echo"))
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"


class Peer(threading.Thread):
    """Upgrades, waits for a byte, says its last words and closes, with all else that it was sent unread.

    A thread, so that a test can let it end while its own loop stands still.
    """

    def __init__(self, context, *, times: int) -> None:
        super().__init__(daemon=True)
        self._context = context
        self._times = times
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = self._listening.getsockname()

    def run(self) -> None:
        connection = self._listening.accept()[0]
        self._listening.close()
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            connection.recv(65536)
            connection.sendall(SWITCHED)
            connection.recv(1)
            with contextlib.suppress(OSError):
                connection.sendall(LAST_WORDS * self._times)


@pytest.fixture(params=[True, False], ids=["tls", "plain"])
def closing(request, certificates):
    """A function that starts a peer."""

    def start(*, times: int = 1) -> tuple[Peer, Target]:
        peer = Peer(certificates.server_side() if request.param else None, times=times)
        peer.start()
        return peer, Target(*peer.address, certificates.client_side() if request.param else None)

    return start


async def test_last_words_are_read_although_much_was_still_to_be_said(closing, client) -> None:
    peer, target = closing()
    answer = await client.upgrade(target, "GET", "/", headers=UPGRADE, timeout_s=5)
    assert isinstance(answer, Upgraded)
    answer.stream.write(bytes(100_000))
    peer.join()
    answer.stream.write(b"more")
    answer.stream.write(b"and more")
    heard = 0
    while data := await answer.stream.read():
        heard += len(data)
    answer.stream.close()
    assert heard == len(LAST_WORDS)


async def test_who_reads_slowly_misses_nothing(closing, make_client, soon) -> None:
    peer, target = closing(times=60)
    client = make_client(read_buffer_bytes=1000)
    answer = await client.upgrade(target, "GET", "/", headers=UPGRADE, timeout_s=5)
    assert isinstance(answer, Upgraded)
    answer.stream.write(b".")
    await soon(lambda: answer.stream.full)
    heard = 0
    while data := await answer.stream.read():
        heard += len(data)
        if not peer.is_alive():
            continue
        await soon(lambda: answer.stream.full or not peer.is_alive())
    answer.stream.close()
    assert heard == len(LAST_WORDS) * 60
