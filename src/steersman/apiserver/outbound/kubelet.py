"""Kubelets: from the name of a node to where its kubelet listens, and how to speak to it.

Reads: nodes. Writes: nothing.
Invariants: the kubelet sees our client certificate; the address is of the most preferred type that the node reports,
and the port is the one it reports, or 10250. A kubelet's certificate is checked only if the authority that signs them
was named: kubelets make their own unless they are told otherwise, so there would be nothing to check it against.
Upstream differences: none known (pkg/kubelet/client).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.node import NODES
from steersman.api.errors import NotFound, go_quote
from steersman.apiserver.outbound.failure import Failure
from steersman.lib.http.client.message import Target
from steersman.lib.http.client.tls import client_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from pathlib import Path

    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader

KUBELET_PORT = 10250
_HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:%-]*|::[0-9A-Fa-f.:]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletTls:
    """How to speak TLS to kubelets. Both contexts show the same client certificate."""

    default: ssl.SSLContext
    """Checks kubelets' certificates if their authority is known."""
    unchecked: ssl.SSLContext
    """Takes any certificate."""


def kubelet_tls(
    *, certificate: Path | None = None, key: Path | None = None, authority: Path | None = None
) -> KubeletTls:
    """From files in PEM form; `authority` signs the kubelets' certificates.

    Raises OSError (ssl.SSLError is one) when a file cannot be read or does not fit.
    """
    unchecked = client_context(certificate=certificate, key=key, verify=False)
    if authority is None:
        return KubeletTls(default=unchecked, unchecked=unchecked)
    pem = authority.read_text(encoding="ascii", errors="ignore")
    checked = client_context(authorities_pem=pem, certificate=certificate, key=key)
    return KubeletTls(default=checked, unchecked=unchecked)


class Kubelets:
    """The kubelets of all nodes. `address_types`: which of a node's addresses counts, most preferred first."""

    def __init__(self, *, reader: Reader, tls: KubeletTls, address_types: Sequence[str]) -> None:
        self._reader = reader
        self._tls = tls
        self._address_types = tuple(address_types)

    def replace_tls(self, tls: KubeletTls) -> None:
        """Use other certificates for connections that begin from now on."""
        self._tls = tls

    def target(self, node_name: str, *, unchecked: bool = False) -> Target:
        """Where the kubelet of a node listens; `unchecked`: whatever certificate it shows.

        Raises NotFound (no such node), Failure (it reports no address of a preferred type, or one that is none).
        """
        node = self._reader.get(NODES, "", node_name)
        if node is None:
            raise NotFound.of("", "nodes", node_name)
        tls = self._tls.unchecked if unchecked else self._tls.default
        host = preferred_address(node, self._address_types)
        if not _HOST.fullmatch(host):
            # Nodes say what they like; among it are paths of this machine's sockets.
            raise Failure(f"node {go_quote(node_name)} has an invalid address {go_quote(host)}")
        return Target(host, kubelet_port(node), tls)


def preferred_address(node: Object, types: Sequence[str]) -> str:
    """The first address of the most preferred type. Raises Failure."""
    addresses = (node.get("status") or {}).get("addresses") or ()
    for type_ in types:
        for address in addresses:
            if address["type"] == type_:
                return str(address["address"])
    known = " ".join(f"{{{address['type']} {address['address']}}}" for address in addresses)
    raise Failure(f"no preferred addresses found; known addresses: [{known}]")


def kubelet_port(node: Object) -> int:
    """The port that the kubelet reports, else the usual one."""
    endpoints = (node.get("status") or {}).get("daemonEndpoints") or {}
    port = (endpoints.get("kubeletEndpoint") or {}).get("Port") or 0
    return int(port) if port > 0 else KUBELET_PORT
