"""exec, attach and port-forward with kubectl, over WebSocket and over SPDY: a TLS server of the test's own is the kubelet.

Over SPDY kubectl speaks to that kubelet itself, through the server; over WebSocket the server speaks SPDY for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.http.message import Response, UpgradeResponse
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.lib.spdy.frames import Data, Decoder, Encoder, Ping, SynStream
from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from steersman.lib.http.message import RawStream, Request

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
PODS = "/api/v1/namespaces/default/pods"
MERGE = {"Content-Type": "application/merge-patch+json"}
COMMAND_S_MAX = 60
BIG = bytes(range(256)) * 8192
EXITED = b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}'
FORMS = pytest.mark.parametrize("websockets", ["true", "false"], ids=["websocket", "spdy"])


@dataclass
class Kubelet:
    """Runs one command, which copies its input to its output and exits with 3; its pod's port answers in capitals."""

    asked: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)

    def answer(self, request: Request) -> Response | UpgradeResponse:
        self.asked.append((request.headers.get("upgrade"), request.path, parse_qs(request.query)))
        forward = request.path.startswith("/portForward/")
        protocol = "portforward.k8s.io" if forward else "v4.channel.k8s.io"
        if protocol not in request.headers.get_all("x-stream-protocol-version"):
            return Response(403, b"no protocol in common", "text/plain")
        run = self._forward if forward else self._command
        return UpgradeResponse(run, headers=(("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", protocol)))

    async def _command(self, wire: RawStream) -> None:
        encoder = Encoder()
        ids: dict[str, int] = {}
        async for frame in _frames(wire, encoder):
            if isinstance(frame, SynStream):
                ids[dict(frame.headers)["streamtype"]] = frame.stream
            elif isinstance(frame, Data) and frame.stream == ids.get("stdin"):
                wire.write(encoder.data(ids["stdout"], frame.data, fin=frame.fin))
                await wire.drain()
                if frame.fin:
                    if "stderr" in ids:
                        wire.write(encoder.data(ids["stderr"], b"done\n", fin=True))
                    wire.write(encoder.data(ids["error"], EXITED, fin=True) + encoder.go_away(ids["error"]))

    async def _forward(self, wire: RawStream) -> None:
        encoder = Encoder()
        ports: dict[int, str] = {}
        async for frame in _frames(wire, encoder):
            if isinstance(frame, SynStream):
                headers = dict(frame.headers)
                if headers["streamtype"] == "data":
                    ports[frame.stream] = headers["port"]
                else:
                    wire.write(encoder.data(frame.stream, b"", fin=True))
            elif isinstance(frame, Data) and frame.stream in ports:
                wire.write(encoder.data(frame.stream, frame.data.upper()))
                if frame.fin:
                    wire.write(encoder.data(frame.stream, ports[frame.stream].encode(), fin=True))


async def _frames(wire: RawStream, encoder: Encoder) -> AsyncIterator[Any]:
    """Until the other side goes; streams are accepted, pings answered."""
    decoder = Decoder()
    while data := await wire.read():
        for frame in decoder.feed(data):
            if isinstance(frame, SynStream):
                wire.write(encoder.syn_reply(frame.stream))
            elif isinstance(frame, Ping):
                wire.write(encoder.ping(frame.id))
            yield frame


@dataclass
class Cluster:
    """A running API server, and the kubelet of its only node."""

    process: ServerProcess
    kubelet: Kubelet
    port: int

    async def start_kubectl(self, *arguments: str, websockets: str) -> asyncio.subprocess.Process:
        command = os.environ.get("KUBECTL") or shutil.which("kubectl")
        assert command, "no kubectl on PATH: scripts/kubectl prints the path of one"
        forms = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": websockets, "KUBECTL_PORT_FORWARD_WEBSOCKETS": websockets}
        return await asyncio.create_subprocess_exec(
            command,
            f"--kubeconfig={self.process.kubeconfig}",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **forms},
        )

    async def run(self, *arguments: str, given: bytes, websockets: str) -> tuple[int | None, bytes, bytes]:
        """Exit code, stdout, stderr."""
        running = await self.start_kubectl(*arguments, websockets=websockets)
        async with asyncio.timeout(COMMAND_S_MAX):
            output, errors = await running.communicate(given)
        return running.returncode, output, errors

    def prepare(self) -> None:
        """A node on this machine, and a pod on it."""
        pki = self.process.data_dir / "pki"
        client = RestClient(self.process.url, ca=self.process.ca, certificate=(pki / "admin.crt", pki / "admin.key"))
        node_status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}},
        }
        container = {"name": "nginx", "image": "nginx", "stdin": True}
        pod_status = {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "nginx",
                    "ready": True,
                    "image": "i",
                    "imageID": "i",
                    "restartCount": 0,
                    "state": {"running": {}},
                }
            ],
        }
        for method, path, body in (
            ("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}),
            ("POST", "/api/v1/nodes", {"metadata": {"name": "node-1"}}),
            ("PATCH", "/api/v1/nodes/node-1/status", {"status": node_status}),
            ("POST", PODS, {"metadata": {"name": "web"}, "spec": {"nodeName": "node-1", "containers": [container]}}),
            ("PATCH", f"{PODS}/web/status", {"status": pod_status}),
        ):
            answer = client.ask(method, path, body, headers=MERGE if method == "PATCH" else None)
            assert answer.status in (200, 201), answer.body
        client.close()


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    authority = load_authority(*issue_authority("nodes", not_before=BEGIN, not_after=END))
    leaf, key = issue_leaf(authority, common_name="n", server_names=("node-1",), not_before=BEGIN, not_after=END)
    certificate, private = tmp_path / "kubelet.crt", tmp_path / "kubelet.key"
    certificate.write_bytes(leaf)
    private.write_bytes(key)
    kubelet = Kubelet()
    with ServerProcess(data_dir=tmp_path / "data", store="memory") as process:
        tls = server_context(certificate=certificate, key=private, client_ca=process.ca)
        server = Server(handler=kubelet.answer, tls=tls)
        [(_, port)] = await server.start("127.0.0.1")
        cluster = Cluster(process, kubelet, port)
        try:
            cluster.prepare()
            yield cluster
        finally:
            await server.drain(0)


@FORMS
async def test_kubectl_execs(cluster: Cluster, websockets: str) -> None:
    result = await cluster.run("exec", "-i", "web", "--", "cat", "a b", given=BIG, websockets=websockets)
    assert result[0] == 3
    assert result[1] == BIG
    assert result[2] == b"done\ncommand terminated with exit code 3\n"
    [(form, path, query)] = cluster.kubelet.asked
    assert (form, path) == ("SPDY/3.1", "/exec/default/web/nginx")
    assert query == {"command": ["cat", "a b"], "input": ["1"], "output": ["1"], "error": ["1"]}


@FORMS
async def test_kubectl_attaches(cluster: Cluster, websockets: str) -> None:
    code, output, _ = await cluster.run("attach", "-i", "web", given=b"abc", websockets=websockets)
    assert (code, output) == (3, b"abc")
    assert cluster.kubelet.asked[0][:2] == ("SPDY/3.1", "/attach/default/web/nginx")


@FORMS
async def test_kubectl_forwards_ports(cluster: Cluster, websockets: str) -> None:
    forwarding = await cluster.start_kubectl("port-forward", "web", ":8080", websockets=websockets)
    assert forwarding.stdout is not None
    async with asyncio.timeout(COMMAND_S_MAX):
        line = (await forwarding.stdout.readline()).decode()
        assert line.startswith("Forwarding from 127.0.0.1:"), line
        for text in (b"hello", b"again"):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(line.split(":")[1].split()[0]))
            writer.write(text)
            writer.write_eof()
            assert await reader.read() == text.upper() + b"8080"
            writer.close()
            await writer.wait_closed()
        forwarding.terminate()
        await forwarding.communicate()
    assert [form for form, path, _ in cluster.kubelet.asked if path == "/portForward/default/web"] == ["SPDY/3.1"]
