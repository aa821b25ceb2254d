"""owner_scale: how many pods their owner wants, whatever kind it is of.

    a workload that we read anyway > its spec.replicas
    anything else                  > its scale subresource, asked of the API

Upstream: the finders of pkg/controller/disruption. A ReplicaSet of a Deployment stands for the Deployment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.ownership import controller_of

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.client import Client
    from steersman.client.discovery import Discovery, Served
    from steersman.controllers.base import View

_APPS = ("apps", "extensions")
_SCALES = (("autoscaling", "v1"), ("extensions", "v1beta1"), ("apps", "v1beta1"), ("apps", "v1beta2"))


@dataclass(frozen=True, slots=True)
class Scale:
    """Of one owner."""

    uid: str
    replicas: int


class ScaleError(Exception):
    """An owner cannot say how many pods it wants; the message says why."""


class OwnerScales:
    """For one controller, which declares to read the four kinds of workloads and to get `*/scale`."""

    def __init__(self, *, client: Client, view: View, discovery: Discovery) -> None:
        self._client = client
        self._view = view
        self._discovery = discovery

    async def find(self, reference: Object, namespace: str) -> Scale | None:
        """Of the owner that an ownerReference names; None if it is not there. Raises ApiError, ScaleError."""
        return self._known(reference, namespace) or await self._asked(reference, namespace)

    def _known(self, reference: Object, namespace: str) -> Scale | None:
        group, kind = _group(reference), reference["kind"]
        if kind == "ReplicationController" and group == "":
            return self._scale(REPLICATION_CONTROLLERS, reference, namespace)
        if kind == "StatefulSet" and group == "apps":
            return self._scale(STATEFUL_SETS, reference, namespace)
        if kind != "ReplicaSet" or group not in _APPS:
            return None
        replica_set = self._view.get(REPLICA_SETS, Key(namespace, reference["name"]))
        if replica_set is None or replica_set["metadata"]["uid"] != reference["uid"]:
            return None
        owner = controller_of(replica_set)
        if owner is None or owner["kind"] != "Deployment":
            return _scale_of(replica_set)
        return self._scale(DEPLOYMENTS, owner, namespace) if _group(owner) in _APPS else None

    def _scale(self, resource: Resource, reference: Object, namespace: str) -> Scale | None:
        found = self._view.get(resource, Key(namespace, reference["name"]))
        return _scale_of(found) if found is not None and found["metadata"]["uid"] == reference["uid"] else None

    async def _asked(self, reference: Object, namespace: str) -> Scale | None:
        api_version, kind = reference["apiVersion"], reference["kind"]
        served = self._discovery.surface.of_kind(api_version, kind)
        if served is None:
            raise ScaleError(f'no matches for kind "{kind}" in version "{api_version}"')
        try:
            key = Key(namespace if served.namespaced else "", reference["name"])
            scale = await self._client.get(served, key, subresource="scale")
        except NotFound:
            # Either there is no such object, or the resource has no scale.
            if not await self._has_scale(served):
                name = f"{served.plural}.{served.group}" if served.group else served.plural
                raise ScaleError(f"{name} does not implement the scale subresource") from None
            return None
        if scale["metadata"].get("uid") != reference["uid"]:
            return None
        return Scale(reference["uid"], (scale.get("spec") or {}).get("replicas", 0))

    async def _has_scale(self, served: Served) -> bool:
        root = "apis" if served.group else "api"
        document = await self._client.get_path(f"/{root}/{served.api_version}")
        return any(
            each["name"] == f"{served.plural}/scale"
            and each["kind"] == "Scale"
            and (each.get("group"), each.get("version")) in _SCALES
            for each in document.get("resources") or ()
        )


def _scale_of(obj: Object) -> Scale:
    return Scale(obj["metadata"]["uid"], obj["spec"].get("replicas", 1))


def _group(reference: Object) -> str:
    group, slash, _version = reference["apiVersion"].partition("/")
    return group if slash else ""
