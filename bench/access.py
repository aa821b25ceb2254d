"""Who the benchmarks are: an ordinary user with RBAC, since system:masters would skip what everybody else pays for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
from load import Target, connect, fetch

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.testing.server import ServerProcess

NAMESPACE = "/api/v1/namespaces/bench"
_RBAC = "rbac.authorization.k8s.io"
_ROLE = (
    f"/apis/{_RBAC}/v1/clusterrolebindings",
    {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "bench"},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "bench"}],
    },
)
_NAMESPACE = ("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}})
_ACCOUNT = (
    f"{NAMESPACE}/serviceaccounts",
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}},
)


def write_tokens(path: Path) -> Path:
    """The file for --token-auth-file."""
    path.write_text("bench-token,bench,bench,bench\nadmin-token,admin,admin,system:masters\n")
    return path


async def admitted(server: ServerProcess) -> Target:
    """The server as user bench, who may do everything, has a namespace of that name, and a service account there."""
    host, _, port = server.url.removeprefix("https://").partition(":")
    target, admin = (Target(host, int(port), server.ca, f"{name}-token", server.pid) for name in ("bench", "admin"))
    for path, obj in (_ROLE, _NAMESPACE, _ACCOUNT):
        status, body = await fetch(admin, admin.request("POST", path, orjson.dumps(obj)))
        if status not in (201, 409):
            raise SystemExit(f"{path}: {status} {body.decode()}")
    (connection,) = await connect(target, 1)
    connection.transport.close()
    return target


async def until(holds, *, timeout_s: float, every_s: float = 0.1) -> bool:
    """Whether `await holds()` becomes true in time."""
    ends = asyncio.get_running_loop().time() + timeout_s
    while not await holds():
        if asyncio.get_running_loop().time() > ends:
            return False
        await asyncio.sleep(every_s)
    return True
