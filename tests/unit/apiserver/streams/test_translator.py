"""exec and attach: messages of a WebSocket client become streams of a kubelet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest

from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from .conftest import Command, Site

SUCCESS = b'{"metadata":{},"status":"Success"}'
STARTED = b"\x01"


async def _ended(site: Site) -> None:
    async with asyncio.timeout(10):
        await site.kubelet.ended.wait()


async def test_outputs_arrive_on_their_channels_and_the_status_last(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == 3)
        assert list(command.ids) == ["error", "stdout", "stderr"]
        command.say("stdout", b"out")
        command.say("stderr", b"err")
        command.end(SUCCESS)
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    client = await site.exec()
    assert (client.status, client.headers["sec-websocket-protocol"]) == (101, "v5.channel.k8s.io")
    messages = await client.all()
    assert messages[0] == STARTED
    assert sorted(messages[1:-1]) == [b"\x01out", b"\x02err"]
    assert messages[-1] == b"\x03" + SUCCESS
    assert client.close_code == 1000
    [asked] = site.kubelet.requests
    assert (asked.method, asked.raw_path) == ("POST", "/exec/default/p/c")
    assert asked.query == "command=ls&command=a+b&error=1&output=1"
    assert asked.headers.get("upgrade") == "SPDY/3.1"
    assert asked.headers.get_all("x-stream-protocol-version")[0] == "v5.channel.k8s.io"
    assert site.counted("apiserver_stream_translator_requests_total") == ['{code="200"} 1']
    await _ended(site)


async def test_an_exit_code_is_told(site: Site) -> None:
    status = {
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
    }

    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == 3)
        command.end(orjson.dumps(status))
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    client = await site.exec()
    told = orjson.loads((await client.all())[-1][1:])
    assert told["details"] == status["details"]
    assert told["message"].endswith("command terminated with exit code 3")
    assert site.counted("apiserver_stream_translator_requests_total") == ['{code="200"} 1']


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io", "v2.channel.k8s.io"])
async def test_stdin_is_passed_on_and_its_end(site: Site, protocol: str) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: "stdin" in command.finished)
        command.say("stdout", command.received["stdin"])
        command.end(b"")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    site.kubelet.protocol = protocol
    site.options = {"stdin": True, "stdout": True}
    client = await site.exec()
    client.send(b"\x00one ")
    client.send(b"")
    client.send(b"\x09nobody")
    client.send(b"\x01not mine to write")
    client.send(b"\x00two")
    client.send(b"\xff\x00")
    client.send(b"\x00too late")
    assert await client.all() == [STARTED, b"\x01one two", b"\x03" + SUCCESS]


async def test_a_terminal_has_sizes_and_no_stderr(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: command.received.get("resize", b"").count(b"\n") == 2)
        command.say("stdout", command.received["resize"])
        command.end(b"")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    site.options = {"stdin": True, "stdout": True, "stderr": True, "tty": True}
    client = await site.exec()
    client.send(b'\x04{"Width":80,')
    client.send(b'\x04"Height":24}{"width":1,"height":2}')
    messages = await client.all()
    assert messages[1] == b'\x01{"Width":80,"Height":24}\n{"Width":1,"Height":2}\n'


async def test_a_kubelet_that_wants_no_more_gets_the_end_of_stdin(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: "stdin" in command.ids)
        command.say("stdin", b"", fin=True)
        await command.until(lambda: "stdin" in command.finished)
        command.end(b"")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    site.options = {"stdin": True, "stdout": True}
    assert (await (await site.exec()).all())[-1] == b"\x03" + SUCCESS


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (Response(404, b"container not found\n"), "container not found"),
        (Response(400, b'{"kind":"Status","message":"no"}'), "no"),
        (Response(500), "empty server response"),
        (Response(302, b""), "empty server response"),
    ],
)
async def test_a_refusal_is_told_as_the_status(site: Site, refusal: Response, why: str) -> None:
    site.kubelet.refusal = refusal
    client = await site.exec()
    messages = await client.all()
    assert messages[0] == STARTED
    assert messages[1][:1] == b"\x03"
    assert orjson.loads(messages[1][1:]) == {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: unable to upgrade connection: {why}",
        "reason": "InternalError",
        "details": {"causes": [{"message": f"unable to upgrade connection: {why}"}]},
        "code": 500,
    }
    assert site.counted("apiserver_stream_translator_requests_total") == ['{code="500"} 1']


async def test_a_redirect_is_not_followed(site: Site) -> None:
    site.kubelet.refusal = Response(302, b"", headers=(("Location", "/elsewhere"),))
    told = orjson.loads((await (await site.exec()).all())[-1][1:])
    why = 'error sending request: Post "/elsewhere": redirect not allowed'
    assert told["message"] == f"Internal error occurred: {why}"


async def test_a_kubelet_that_is_not_there_is_told_as_the_status(site: Site) -> None:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    site.kubelet.target = Target("127.0.0.1", port)
    told = orjson.loads((await (await site.exec()).all())[-1][1:])
    url = f"http://127.0.0.1:{port}/exec/default/p/c?command=ls&command=a+b&error=1&output=1"
    assert told["message"] == (
        f'Internal error occurred: error sending request: Post "{url}": '
        f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


async def test_a_kubelet_that_vanishes_is_a_failure(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == 3)
        command.stream.abort()

    site.kubelet.play = play
    told = orjson.loads((await (await site.exec()).all())[-1][1:])
    assert told["message"] == "Internal error occurred: error reading from error stream: unexpected EOF"


@pytest.mark.parametrize("how", ["close", "bad signal"])
async def test_when_the_client_goes_the_kubelet_is_left(site: Site, how: str) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == 3)
        command.say("stdout", b"running")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    client = await site.exec()
    assert [await client.receive() for _ in range(2)] == [STARTED, b"\x01running"]
    client.close() if how == "close" else client.send(b"\xff\x07")
    await _ended(site)
    assert site.counted("apiserver_stream_translator_requests_total") == []


async def test_a_slow_client_stops_the_kubelet(site: Site) -> None:
    total, sent, blocked = 64 << 20, 0, False

    async def play(command: Command) -> None:
        nonlocal sent, blocked
        await command.until(lambda: len(command.ids) == 3)
        while sent < total:
            command.say("stdout", bytes(65536))
            sent += 65536
            blocked = True
            await command.stream.drain()
            blocked = False
        command.end(b"")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    client = await site.exec()
    quiet = 0
    async with asyncio.timeout(30):
        while quiet < 500:
            before = sent
            await asyncio.sleep(0)
            quiet = quiet + 1 if blocked and sent == before else 0
    assert sent < total
    received = 0
    while (message := await client.receive()) is not None:
        received += len(message) - 1 if message[:1] == b"\x01" else 0
    assert received == total


async def test_a_slow_kubelet_stops_the_client(site: Site) -> None:
    go_on = asyncio.Event()

    async def raw(stream: object) -> None:
        await go_on.wait()

    site.kubelet.raw = raw
    site.options = {"stdin": True, "stdout": True}
    client = await site.exec()
    taken = 0
    try:
        async with asyncio.timeout(0.5):
            while taken < 64 << 20:
                client.send(b"\x00" + bytes(65535))
                await client._writer.drain()
                taken += 65536
    except TimeoutError:
        pass
    go_on.set()
    assert taken < 64 << 20


async def test_a_server_that_stops_ends_its_streams(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == 3)
        command.say("stdout", b"running")
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    client = await site.exec()
    assert [await client.receive() for _ in range(2)] == [STARTED, b"\x01running"]
    async with asyncio.timeout(5):
        await site.server.drain(60)
    assert await client.all() == []
    await _ended(site)
