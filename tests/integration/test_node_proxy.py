"""Logs and proxies on the real server, asked for with kubectl: a TLS server of the test's own is the kubelet."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.http.message import Response, StreamResponse
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.testing.rest import RestClient
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from steersman.lib.http.message import Request

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
PODS = "/api/v1/namespaces/default/pods"
MERGE = {"Content-Type": "application/merge-patch+json"}
COMMAND_S_MAX = 30


class Kubelet:
    """Serves the log of one container, and says who asked."""

    def __init__(self) -> None:
        self.asked_by: list[str] = []
        self.asked: list[str] = []
        self.more = asyncio.Event()
        self.left = asyncio.Event()

    def answer(self, request: Request) -> Response | StreamResponse:
        der = request.peer.certificate_der
        assert der is not None
        self.asked_by.append(x509.load_der_x509_certificate(der).subject.rfc4514_string())
        self.asked.append(f"{request.path}?{request.query}")
        if request.path != "/containerLogs/default/web/nginx":
            return Response(404, b"no such container", "text/plain")
        if "follow=true" not in request.query:
            return Response(200, b"one\ntwo\n", "text/plain")
        return StreamResponse(200, self._follow, "text/plain")

    async def _follow(self, stream: Any) -> None:
        stream.on_close(self.left.set)
        stream.write(b"one\n")
        await self.more.wait()
        stream.write(b"two\n")
        await asyncio.Event().wait()


@dataclass
class Cluster:
    """A running API server, and the kubelet of its only node."""

    process: ServerProcess
    kubelet: Kubelet
    port: int

    async def start_kubectl(self, *arguments: str) -> asyncio.subprocess.Process:
        command = os.environ.get("KUBECTL") or shutil.which("kubectl")
        assert command, "no kubectl on PATH: scripts/kubectl prints the path of one"
        return await asyncio.create_subprocess_exec(
            command,
            f"--kubeconfig={self.process.kubeconfig}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def kubectl(self, *arguments: str) -> str:
        """What it prints."""
        running = await self.start_kubectl(*arguments)
        async with asyncio.timeout(COMMAND_S_MAX):
            output, _ = await running.communicate()
        return output.decode()

    def prepare(self) -> None:
        """A node on this machine, and a pod on it."""
        pki = self.process.data_dir / "pki"
        client = RestClient(self.process.url, ca=self.process.ca, certificate=(pki / "admin.crt", pki / "admin.key"))
        node_status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}},
        }
        pod = {
            "metadata": {"name": "web"},
            "spec": {"nodeName": "node-1", "containers": [{"name": "nginx", "image": "nginx"}]},
        }
        pod_status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}], "phase": "Running"}
        for method, path, body in (
            ("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}}),
            ("POST", "/api/v1/nodes", {"metadata": {"name": "node-1"}}),
            ("PATCH", "/api/v1/nodes/node-1/status", {"status": node_status}),
            ("POST", PODS, pod),
            ("PATCH", f"{PODS}/web/status", {"status": pod_status}),
        ):
            answer = client.ask(method, path, body, headers=MERGE if method == "PATCH" else None)
            assert answer.status in (200, 201), answer.body
        client.close()


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    pem, key = issue_authority("nodes", not_before=BEGIN, not_after=END)
    authority = load_authority(pem, key)
    names = {"common_name": "n", "server_names": ("node-1",)}
    leaf, leaf_key = issue_leaf(authority, not_before=BEGIN, not_after=END, **names)  # type: ignore[arg-type]
    certificate, private = tmp_path / "kubelet.crt", tmp_path / "kubelet.key"
    certificate.write_bytes(leaf)
    private.write_bytes(leaf_key)
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


async def test_kubectl_reads_and_follows_logs(cluster: Cluster) -> None:
    kubelet = cluster.kubelet
    assert await cluster.kubectl("logs", "web", "--tail=2", "--timestamps") == "one\ntwo\n"
    assert kubelet.asked == ["/containerLogs/default/web/nginx?tailLines=2&timestamps=true"]
    assert kubelet.asked_by == ["CN=kube-apiserver-kubelet-client,O=system:masters"]

    following = await cluster.start_kubectl("logs", "-f", "web")
    assert following.stdout is not None
    async with asyncio.timeout(COMMAND_S_MAX):
        assert await following.stdout.readline() == b"one\n"
        kubelet.more.set()
        assert await following.stdout.readline() == b"two\n"
        following.terminate()
        await following.communicate()
        await kubelet.left.wait()


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("binary.k8s.io", [b"", b"one\ntwo\n"]), ("base64.binary.k8s.io", ["", "b25lCnR3bwo="])],
)
async def test_logs_come_over_a_websocket(cluster: Cluster, protocol: str, expected: list[Any]) -> None:
    pki = cluster.process.data_dir / "pki"
    tls = ssl.create_default_context(cafile=str(cluster.process.ca))
    tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    url = f"{cluster.process.url.replace('https', 'wss')}{PODS}/web/log"
    async with connect(url, ssl=tls, subprotocols=[Subprotocol(protocol)], proxy=None) as socket:
        assert socket.subprotocol == protocol
        async with asyncio.timeout(COMMAND_S_MAX):
            assert [message async for message in socket] == expected


async def test_kubectl_is_told_what_goes_wrong(cluster: Cluster) -> None:
    missing = await cluster.kubectl("logs", "web", "-c", "absent")
    assert missing == "error: container absent is not valid for pod web\n"
    for path in (f"{PODS}/web:80/proxy/", "/api/v1/nodes/node-1/proxy/healthz"):
        refused = await cluster.kubectl("get", "--raw", path)
        assert refused == "Error from server (BadRequest): address not allowed\n"
    service = await cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/services/absent/proxy/")
    assert service == 'Error from server (ServiceUnavailable): no endpoints available for service "absent"\n'
