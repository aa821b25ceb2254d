"""A pod in an API server, for the tests of what can be done to one."""

from __future__ import annotations

from typing import Any

NAMESPACE = "/api/v1/namespaces/default"
PODS = f"{NAMESPACE}/pods"
MERGE = {"content-type": "application/merge-patch+json"}


async def make_pod(api: Any, name: str = "p", *, metadata: Any = None, status: Any = None, **spec: Any) -> Any:
    """Created with the account that it needs; `status` is written after it."""
    await api.ask("POST", f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}})
    containers = [{"name": "c", "image": "i"}]
    body = {"metadata": {"name": name, **(metadata or {})}, "spec": {"containers": containers, **spec}}
    reply = await api.ask("POST", PODS, body)
    assert reply.status == 201, reply.body
    if status is None:
        return reply.json()
    return (await api.ask("PATCH", f"{PODS}/{name}/status", {"status": status}, headers=MERGE)).json()


async def get_pod(api: Any, name: str = "p") -> Any:
    return (await api.ask("GET", f"{PODS}/{name}")).json()


def outcome(reply: Any) -> tuple[int, str]:
    """Code and message."""
    return reply.status, reply.json().get("message", "")
