"""A scheduler on an API server inside the test; for tests that are marked virtual_time."""

from __future__ import annotations

import asyncio

from steersman.api.core.event import EVENTS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.scheduling.priority_class import PRIORITY_CLASSES
from steersman.client.errors import Interrupted
from steersman.client.request import Key, PatchType


class Cable:
    """A transport over which no binding comes through while it is cut, and no deletion while it is `jammed`."""

    def __init__(self, transport):
        self._transport = transport
        self.watch = transport.watch
        self.cut = self.jammed = False

    async def exchange(self, request, *, timeout_s):
        if self.cut and request.path.endswith("/binding"):
            raise Interrupted("the cable is cut")
        if self.jammed and request.method == "DELETE":
            raise Interrupted("the cable is jammed")
        return await self._transport.exchange(request, timeout_s=timeout_s)


class Bench:
    """Terse verbs."""

    def __init__(self, client, scheduler, cable):
        self.client, self.scheduler, self.cable = client, scheduler, cable

    async def node(self, name, *, unschedulable=False, **allocatable):
        amounts = {"cpu": "2", "memory": "4Gi", "pods": "10", **allocatable}
        spec = {"unschedulable": True} if unschedulable else {}
        node = await self.client.create(NODES, {"metadata": {"name": name}, "spec": spec})
        await self.client.update_status(NODES, {**node, "status": {"allocatable": amounts, "capacity": amounts}})
        await self.patch(NODES, Key("", name), {"spec": {"taints": None}})  # not-ready, which nobody takes off here

    async def pod(self, name, *, cpu="1", **spec):
        containers = [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]
        pod = {"metadata": {"namespace": "default", "name": name}, "spec": {"containers": containers, **spec}}
        await self.client.create(PODS, pod)

    async def priorities(self, **values):
        for name, value in values.items():
            await self.client.create(PRIORITY_CLASSES, {"metadata": {"name": name}, "value": value})

    async def patch(self, resource, key, patch):
        await self.client.patch(resource, key, patch, kind=PatchType.MERGE)

    async def patch_labels(self, name, **labels):
        await self.patch(PODS, Key("default", name), {"metadata": {"labels": labels}})

    async def delete(self, name, **options):
        await self.client.delete(PODS, Key("default", name), **options)

    async def nodes(self, seconds=0.5):
        """Where pods are after that time."""
        await asyncio.sleep(seconds)
        pods = (await self.client.list(PODS, namespace="default"))["items"]
        return {pod["metadata"]["name"]: pod["spec"].get("nodeName") for pod in pods}

    async def condition(self, name, kind="PodScheduled"):
        found = [each for each in (await self.status(name)).get("conditions") or () if each["type"] == kind]
        return found[0] if found else None

    async def status(self, name):
        return (await self.client.get(PODS, Key("default", name)))["status"]

    async def events(self, name):
        items = (await self.client.list(EVENTS, namespace="default"))["items"]
        return [
            (each["type"], each["reason"], each["message"]) for each in items if each["involvedObject"]["name"] == name
        ]
