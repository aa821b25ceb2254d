"""DefaultBinder: gives a pod its node through the API.

Writes: pods/binding (create).
Upstream: pkg/scheduler/framework/plugins/defaultbinder. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.client.request import Key
from steersman.scheduler.framework import Cycle, Plugin, Skip

if TYPE_CHECKING:
    from steersman.client.client import Client


class DefaultBinder(Plugin):
    """See the module."""

    name = "DefaultBinder"

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def bind(self, cycle: Cycle, node: str) -> Skip | None:
        pod = cycle.pod
        namespace, name = pod.key
        binding = {
            "kind": "Binding",
            "apiVersion": "v1",
            "metadata": {"namespace": namespace, "name": name, "uid": pod.uid},
            "target": {"kind": "Node", "name": node},
        }
        await self._client.create(PODS, binding, key=Key(*pod.key), subresource="binding")
        return None
