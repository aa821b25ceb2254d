"""Commands through a kubelet: what of a session is used, whichever protocol it chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steersman.apiserver.streams.remote_command import CommandError, connect, start

if TYPE_CHECKING:
    from .conftest import Command, Site

EVERYTHING = {"stdin": True, "stdout": True, "stderr": True}


@pytest.mark.parametrize(
    ("protocol", "tty", "streams", "structured"),
    [
        ("v5.channel.k8s.io", True, ["error", "stdin", "stdout", "resize"], True),
        ("v4.channel.k8s.io", False, ["error", "stdin", "stdout", "stderr"], True),
        ("v3.channel.k8s.io", True, ["error", "stdin", "stdout", "resize"], False),
        ("v2.channel.k8s.io", True, ["error", "stdin", "stdout"], False),
        ("", False, ["error", "stdin", "stdout", "stderr"], False),
    ],
)
async def test_streams_and_results_are_those_of_the_protocol(
    site: Site, protocol: str, tty: bool, streams: list[str], structured: bool
) -> None:
    opened: list[str] = []

    async def play(command: Command) -> None:
        await command.until(lambda: len(command.ids) == len(streams))
        opened.extend(command.ids)
        command.end(b'{"status":"Success"}')
        await command.until(lambda: command.gone)

    site.kubelet.play, site.kubelet.protocol = play, protocol
    session, chosen = await connect(site.http, site.kubelet.target, "/exec/default/p/c", timeout_s=5)
    async with session:
        command = await start(session, chosen, {**EVERYTHING, "tty": tty})
        result = await command.result()
    assert opened == streams
    assert (result["status"] == "Success") is structured
    assert command.half_closes is bool(protocol)


@pytest.mark.parametrize("how", ["refused", "gone"])
async def test_streams_that_cannot_be_opened_are_an_error(site: Site, how: str) -> None:
    async def raw(stream: Any) -> None:
        await stream.read()
        if how == "refused":
            stream.write(bytes.fromhex("80030003000000080000000100000003"))
            await stream.read()

    site.kubelet.raw = raw
    session, chosen = await connect(site.http, site.kubelet.target, "/exec/default/p/c", timeout_s=5)
    async with session:
        with pytest.raises(CommandError, match="Stream reset" if how == "refused" else "connection closed"):
            await start(session, chosen, EVERYTHING)


async def test_a_result_has_its_limit(site: Site) -> None:
    async def play(command: Command) -> None:
        await command.until(lambda: "error" in command.ids)
        command.say("error", bytes(1 << 21))
        await command.until(lambda: command.gone)

    site.kubelet.play = play
    session, chosen = await connect(site.http, site.kubelet.target, "/exec/default/p/c", timeout_s=5)
    async with session:
        result = await (await start(session, chosen, {})).result()
    assert result["message"].endswith("more than 1048576 bytes")
