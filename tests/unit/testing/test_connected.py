"""A client out of a kubeconfig, to whoever listens there."""

from __future__ import annotations

import pytest

from steersman.client.kubeconfig import KubeconfigError
from steersman.cluster.kubeconfig import write_kubeconfig
from steersman.lib.clock import ManualClock
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.testing.connected import connected


async def test_it_comes_with_the_credentials_of_the_file(pki, tmp_path):
    seen = []

    def handler(request):
        seen.append(request.headers.get("authorization"))
        return Response(200, b'{"gitVersion":"v1"}', "application/json")

    tls = server_context(certificate=pki.certificate("apiserver"), key=pki.key("apiserver"))
    server = Server(
        handler=handler, tls=tls, error=lambda code, text: Response(code, text.encode()), clock=ManualClock()
    )
    ((host, port),) = await server.start("127.0.0.1", 0)
    write_kubeconfig(tmp_path / "config", server=f"https://{host}:{port}", ca_pem=pki.ca_pem(), token="t")
    async with connected(tmp_path / "config") as client:
        assert await client.get_path("/version") == {"gitVersion": "v1"}
    assert seen == ["Bearer t"]
    await server.drain(0)


async def test_what_is_wrong_with_the_file_is_told(tmp_path):
    with pytest.raises(KubeconfigError):
        async with connected(tmp_path / "none"):
            pass
