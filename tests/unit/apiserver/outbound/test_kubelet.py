"""Kubelets: which address, which port, which certificates."""

from __future__ import annotations

import pytest
from cryptography import x509

from steersman.api.core.node import NODES
from steersman.api.errors import NotFound
from steersman.apiserver.outbound.failure import Failure
from steersman.apiserver.outbound.kubelet import Kubelets, kubelet_port, kubelet_tls, preferred_address
from steersman.lib.http.client.errors import TlsError
from steersman.lib.http.message import Request, Response


def node(*addresses: tuple[str, str], port: int | None = None):
    status = {"addresses": [{"type": type_, "address": address} for type_, address in addresses]}
    if port is not None:
        status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": port}}
    return {"metadata": {"name": "n"}, "status": status}


class Nodes:
    def __init__(self, **nodes):
        self._nodes = nodes

    def get(self, resource, namespace, name):
        assert (resource, namespace) == (NODES, "")
        return self._nodes.get(name)


BOTH = node(("InternalIP", "10.0.0.1"), ("ExternalIP", "192.0.2.1"), ("InternalIP", "fd00::1"), ("Hostname", "h"))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("Hostname", "InternalIP"), "h"),
        (("InternalDNS", "InternalIP"), "10.0.0.1"),
        (("ExternalIP",), "192.0.2.1"),
    ],
)
def test_the_first_address_of_the_most_preferred_type_counts(types, expected) -> None:
    assert preferred_address(BOTH, types) == expected


def test_a_node_without_such_an_address_is_told_as_upstream_tells_it() -> None:
    with pytest.raises(Failure) as caught:
        preferred_address(node(("InternalIP", "10.0.0.1"), ("Hostname", "h")), ("ExternalIP",))
    assert caught.value.message == "no preferred addresses found; known addresses: [{InternalIP 10.0.0.1} {Hostname h}]"
    assert caught.value.status().get("reason") is None
    assert caught.value.code == 500


def test_the_port_is_what_the_kubelet_reports() -> None:
    assert kubelet_port(node(port=4194)) == 4194
    assert kubelet_port(node(port=0)) == 10250
    assert kubelet_port({"metadata": {}}) == 10250


def test_a_node_that_is_not_there_is_not_found() -> None:
    kubelets = Kubelets(reader=Nodes(), tls=kubelet_tls(), address_types=("InternalIP",))
    with pytest.raises(NotFound, match='nodes "absent" not found'):
        kubelets.target("absent")


@pytest.mark.parametrize("address", ["/run/some.sock", "a b", "", "host/path", "[::1]", "user@host"])
def test_an_address_that_is_none_is_not_connected_to(address: str) -> None:
    kubelets = Kubelets(reader=Nodes(n=node(("Hostname", address))), tls=kubelet_tls(), address_types=("Hostname",))
    with pytest.raises(Failure, match="has an invalid address"):
        kubelets.target("n")


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "fd00::1", "node-1.example", "::ffff:10.0.0.1"])
def test_names_and_addresses_are(address: str) -> None:
    kubelets = Kubelets(reader=Nodes(n=node(("Hostname", address))), tls=kubelet_tls(), address_types=("Hostname",))
    assert kubelets.target("n").host == address


def whoami(request: Request) -> Response:
    der = request.peer.certificate_der
    assert der is not None
    return Response(200, x509.load_der_x509_certificate(der).subject.rfc4514_string().encode())


def tls_of(certificates, client="first", authority=None):
    return kubelet_tls(
        certificate=certificates.certificate(client),
        key=certificates.key(client),
        authority=None if authority is None else certificates.certificate(authority),
    )


async def test_kubelets_see_our_certificate_and_the_renewed_one(serve, client, certificates) -> None:
    port = await serve(whoami, tls=certificates.server())
    here = node(("InternalIP", "127.0.0.1"), port=port)
    kubelets = Kubelets(reader=Nodes(n=here), tls=tls_of(certificates), address_types=("InternalIP",))
    assert (await client.request(kubelets.target("n"), "GET", "/", timeout_s=5)).body == b"CN=first"
    kubelets.replace_tls(tls_of(certificates, "second"))
    assert (await client.request(kubelets.target("n"), "GET", "/", timeout_s=5)).body == b"CN=second"


async def test_kubelets_are_checked_only_if_their_authority_is_known(serve, client, certificates) -> None:
    port = await serve(whoami, tls=certificates.server())
    here = node(("InternalIP", "127.0.0.1"), port=port)
    right = Kubelets(reader=Nodes(n=here), tls=tls_of(certificates, authority="ca"), address_types=("InternalIP",))
    wrong = Kubelets(
        reader=Nodes(n=here), tls=tls_of(certificates, authority="stranger"), address_types=("InternalIP",)
    )
    assert (await client.request(right.target("n"), "GET", "/", timeout_s=5)).status == 200
    with pytest.raises(TlsError):
        await client.request(wrong.target("n"), "GET", "/", timeout_s=5)
    assert (await client.request(wrong.target("n", unchecked=True), "GET", "/", timeout_s=5)).status == 200
