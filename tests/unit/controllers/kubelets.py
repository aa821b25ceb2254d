"""What scheduler and kubelets do to pods, done by tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.core.event import EVENTS
from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.meta.times import format_time
from steersman.client.client import key_of
from steersman.client.request import Key

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

NAMESPACE = "default"


async def prepare(bench: Any) -> None:
    """Pods can be made in the namespace."""
    account = {"metadata": {"name": "default", "namespace": NAMESPACE}}
    await bench.client.create(SERVICE_ACCOUNTS, account)


async def pods(bench: Any) -> list[Object]:
    """By name."""
    listed: list[Object] = (await bench.client.list(PODS, namespace=NAMESPACE))["items"]
    return sorted(listed, key=lambda pod: str(pod["metadata"]["name"]))


async def names(bench: Any) -> list[str]:
    return [pod["metadata"]["name"] for pod in await pods(bench)]


async def assign(bench: Any, pod: Object, node: str) -> None:
    target = {"metadata": {"name": pod["metadata"]["name"]}, "target": {"kind": "Node", "name": node}}
    await bench.client.create(PODS, target, key=key_of(pod), subresource="binding")


async def report(bench: Any, pod: Object, phase: str, *, ready: bool = False) -> None:
    """Write a pod's status as its kubelet would."""
    now = format_time(bench.clock.now())
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now}
    status = {"phase": phase, "conditions": [condition]}
    await bench.client.patch(PODS, key_of(pod), {"status": status}, subresource="status")


async def run_all(bench: Any, *, node: str = "") -> None:
    """Assign what is not assigned, to `node` if one is given, and let all be ready; end what is being deleted."""
    for pod in await pods(bench):
        if pod["metadata"].get("deletionTimestamp"):
            await bench.client.delete(PODS, key_of(pod), grace_s=0)
            continue
        if node and not pod["spec"].get("nodeName"):
            await assign(bench, pod, node)
        if pod["status"]["phase"] == "Pending":
            await report(bench, pod, "Running", ready=True)
    await bench.settle()


async def events(bench: Any, resource: Any, name: str) -> list[tuple[str, str]]:
    """(reason, message) of those about an object, in their order."""
    found = await bench.client.list(EVENTS, namespace=NAMESPACE, fields=f"involvedObject.kind={resource.kind}")
    listed = [event for event in found["items"] if event["involvedObject"]["name"] == name]
    return [
        (event["reason"], event["message"]) for event in sorted(listed, key=lambda event: event["metadata"]["name"])
    ]


async def get(bench: Any, resource: Any, name: str) -> Object:
    found: Object = await bench.client.get(resource, Key(NAMESPACE, name))
    return found
