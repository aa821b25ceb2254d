"""Writes kubeconfigs: where a cluster is, which CA it is trusted by, and as whom one comes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from steersman.cluster.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def render_kubeconfig(
    *,
    server: str,
    ca_pem: str,
    token: str = "",
    client_pem: tuple[str, str] | None = None,
    name: str = "steersman",
    user: str = "admin",
) -> str:
    """YAML. Credentials are `token` or `client_pem` (certificate, key); everything is inlined.

    Raises ValueError unless exactly one of both is given.
    """
    if bool(token) == (client_pem is not None):
        raise ValueError("a kubeconfig holds a token or a client certificate, one of them")
    if client_pem is None:
        credentials = f"    token: {json.dumps(token)}\n"
    else:
        certificate, key = (_base64(pem) for pem in client_pem)
        credentials = f"    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
    cluster, context, owner = (json.dumps(text) for text in (name, name, f"{name}-{user}"))
    return (
        "apiVersion: v1\n"
        "kind: Config\n"
        "clusters:\n"
        f"- name: {cluster}\n"
        "  cluster:\n"
        f"    server: {json.dumps(server)}\n"
        f"    certificate-authority-data: {_base64(ca_pem)}\n"
        "users:\n"
        f"- name: {owner}\n"
        "  user:\n"
        f"{credentials}"
        "contexts:\n"
        f"- name: {context}\n"
        "  context:\n"
        f"    cluster: {cluster}\n"
        f"    user: {owner}\n"
        f"current-context: {context}\n"
    )


def write_kubeconfig(
    path: Path,
    *,
    server: str,
    ca_pem: str,
    token: str = "",
    client_pem: tuple[str, str] | None = None,
    name: str = "steersman",
    user: str = "admin",
) -> None:
    """Write it whole, readable by its owner only; a file that is there is replaced. Raises ValueError, OSError."""
    text = render_kubeconfig(server=server, ca_pem=ca_pem, token=token, client_pem=client_pem, name=name, user=user)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, text.encode(), mode=0o600)


def _base64(pem: str) -> str:
    return base64.b64encode(pem.encode("ascii")).decode("ascii")
