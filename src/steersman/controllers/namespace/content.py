"""content: all objects of one resource in one namespace, deleted, and what is left of them.

    look whether there are any > delete the collection, or one by one > look what is left, and what holds it

Reads and writes: see `controller`.
Upstream: pkg/controller/namespace/deletion/namespaced_resources_deleter.go. Difference: resources of which there is
nothing are looked at once and not deleted, which is most of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, MethodNotAllowed, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Propagation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.discovery import Served

FINALIZERS_ESTIMATE_S = 15
"""How long finalizers are expected to take."""
_FINISHED = ("Succeeded", "Failed")
_BACKGROUND: Object = {"propagationPolicy": Propagation.BACKGROUND}


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a resource. `estimate_s`: when to look again, 0 if nothing is expected to happen by itself."""

    count: int = 0
    estimate_s: int = 0
    finalizers: Counter[str] = field(default_factory=Counter)
    failure: str = ""
    """Why not everything could be deleted, or counted."""


class Content:
    """Deletes what is in namespaces."""

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._metadata = client.only_metadata()

    async def delete(self, resource: Served, namespace: str, *, deleted_for_s: float) -> Rest:
        """`deleted_for_s`: how long ago the namespace was. Raises nothing of the API: see Rest."""
        estimate_s = 0
        try:
            if not await self._is_any(resource, namespace):
                return Rest()
            if (resource.group, resource.plural) == (PODS.group, PODS.plural):
                pods = await self._client.list(PODS, namespace=namespace)
                estimate_s = estimate_grace_s(pods.get("items") or (), deleted_for_s=deleted_for_s)
            await self._delete_all(resource, namespace)
            left = await self._metadata.list(resource, namespace=namespace)
        except (NotFound, MethodNotAllowed):
            return Rest()  # it is served no more, or never was what it seemed
        except (ApiError, TransportError) as error:
            return Rest(estimate_s=estimate_s, failure=str(error))
        return plan_rest(resource, namespace, left.get("items") or (), estimate_s=estimate_s)

    async def _is_any(self, resource: Served, namespace: str) -> bool:
        if "list" not in resource.verbs:
            return "deletecollection" in resource.verbs
        found = await self._metadata.list(resource, namespace=namespace, limit=1)
        return bool(found.get("items"))

    async def _delete_all(self, resource: Served, namespace: str) -> None:
        if "deletecollection" in resource.verbs:
            try:
                await self._client.delete_collection(resource, namespace=namespace, options=_BACKGROUND)
            except (NotFound, MethodNotAllowed):
                pass  # one by one, then
            else:
                return
        found = await self._metadata.list(resource, namespace=namespace)
        for obj in found.get("items") or ():
            try:
                await self._client.delete(resource, key_of(obj), propagation=Propagation.BACKGROUND)
            except (NotFound, MethodNotAllowed):
                continue


def estimate_grace_s(pods: Iterable[Object], *, deleted_for_s: float) -> int:
    """How long pods may take to end, 0 once they have had that time since their namespace was deleted."""
    graces = [
        int((pod.get("spec") or {}).get("terminationGracePeriodSeconds") or 0)
        for pod in pods
        if (pod.get("status") or {}).get("phase") not in _FINISHED
    ]
    estimate_s = max(graces, default=0)
    return estimate_s if deleted_for_s < estimate_s else 0


def plan_rest(resource: Served, namespace: str, left: Iterable[Object], *, estimate_s: int) -> Rest:
    """What the objects that are `left` mean: waiting is normal for grace and finalizers, anything else is a failure."""
    objects = list(left)
    if not objects:
        return Rest()
    finalizers = Counter(name for obj in objects for name in obj["metadata"].get("finalizers") or ())
    if not estimate_s and not finalizers:
        failure = f"unexpected items still remain in namespace: {namespace} for gvr: {resource}"
        return Rest(len(objects), failure=failure)
    return Rest(len(objects), estimate_s or FINALIZERS_ESTIMATE_S, finalizers)
