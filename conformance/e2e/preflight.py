"""Whether the cluster can be tested at all. Most mass failures of a suite are the environment's."""

from __future__ import annotations

import json
import socket
import struct
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.e2e.images import E2E
from conformance.e2e.node import CLUSTER_DNS, NODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.e2e.control import Kubectl

_LEASE_FRESH_S = 40.0
_DNS_MANIFEST = Path(__file__).parent / "manifests" / "coredns.yaml"


class NotReadyError(Exception):
    """A check that did not come true in time; the message says which and what was seen last."""


def install_dns(kubectl: Kubectl) -> None:
    kubectl.run("apply", "-f", str(_DNS_MANIFEST))


def check(kubectl: Kubectl, say: Callable[[str], None], *, real: bool) -> None:
    """Nodes ready and untainted, their leases fresh; if they are real, an image starts on each, and DNS answers.

    Raises NotReadyError.
    """
    checks: list[tuple[str, Callable[[], str], float]] = [
        (f"{len(NODES)} nodes ready", lambda: _nodes(kubectl, real=real), 120.0),
        ("leases fresh", lambda: _leases(kubectl), 60.0),
    ]
    if real:
        checks += [
            ("an image starts on each node", lambda: _pods(kubectl), 120.0),
            ("cluster DNS answers", _dns, 120.0),
        ]
    for what, probe, within_s in checks:
        begun = time.monotonic()
        _eventually(what, probe, within_s)
        say(f"preflight: {what} ({time.monotonic() - begun:.1f} s)")
    if real:
        kubectl.run("delete", "pod", "--namespace=default", "--selector=app=preflight", "--wait=false")


def _eventually(what: str, probe: Callable[[], str], within_s: float) -> None:
    """`probe` says what is still missing; nothing when all is well."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            missing = probe()
        except (RuntimeError, OSError) as error:
            missing = str(error)
        if not missing:
            return
        if time.monotonic() > deadline:
            raise NotReadyError(f"preflight: {what}: not within {within_s:.0f} s: {missing}")
        time.sleep(0.5)


def _nodes(kubectl: Kubectl, *, real: bool) -> str:
    found = {node["metadata"]["name"]: node for node in kubectl.json("get", "nodes")["items"]}
    names = [node.name for node in NODES] if real else sorted(found)
    if len(names) < len(NODES):
        return f"only {names} have registered"
    for name in names:
        if name not in found:
            return f"{name} has not registered"
        conditions: list[Any] = found[name].get("status", {}).get("conditions") or []
        ready = next((c for c in conditions if c["type"] == "Ready"), {"status": "", "message": "no condition yet"})
        if ready["status"] != "True":
            return f"{name}: {ready['message']}"
        if found[name]["spec"].get("taints"):
            return f"{name} is tainted: {found[name]['spec']['taints']}"
    return ""


def _leases(kubectl: Kubectl) -> str:
    now = datetime.now(UTC)
    for lease in kubectl.json("get", "leases", "--namespace=kube-node-lease")["items"]:
        age_s = (now - datetime.fromisoformat(lease["spec"]["renewTime"])).total_seconds()
        if age_s > _LEASE_FRESH_S:
            return f"lease of {lease['metadata']['name']} is {age_s:.0f} s old"
    return ""


def _pods(kubectl: Kubectl) -> str:
    for node in NODES:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"preflight-{node.name}", "namespace": "default", "labels": {"app": "preflight"}},
            "spec": {
                "nodeName": node.name,
                "restartPolicy": "Never",
                "containers": [{"name": "c", "image": f"{E2E}busybox:1.37.0-2", "command": ["true"]}],
            },
        }
        kubectl.run("apply", "-f", "-", text=json.dumps(pod))
        found = kubectl.json("get", "pod", f"preflight-{node.name}", "--namespace=default")
        if found.get("status", {}).get("phase") != "Succeeded":
            states = found.get("status", {}).get("containerStatuses") or [{"state": "no container yet"}]
            return f"on {node.name}: {states[0]['state']}"
    return ""


def _dns() -> str:
    """Ask for the cluster's own name, as a pod would."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in ["kubernetes", "default", "svc", "cluster", "local"])
    query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + name + b"\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2.0)
        client.sendto(query, (CLUSTER_DNS, 53))
        answer = client.recv(512)
    code, count = answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
    return "" if code == 0 and count == 1 else f"code {code}, {count} answers"
