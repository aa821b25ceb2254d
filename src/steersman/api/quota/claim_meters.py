"""What a ResourceClaim uses of a quota: devices of each class, also as the resource of pods that a class stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.api.core.pod import PODS
from steersman.api.core.pod_resources import Amounts, add, raise_to
from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.dra.resource_claim import RESOURCE_CLAIMS
from steersman.api.meta.quantity import ZERO, of_value
from steersman.api.quota.meters import (
    CREATE,
    DEVICE_CLASS,
    REQUESTS,
    UPDATE,
    Change,
    Counter,
    Pods,
    is_extended_request,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

PER_CLASS = ".deviceclass.resource.k8s.io/devices"
_IMPLICIT = REQUESTS + DEVICE_CLASS
_ALL_DEVICES = 32
"""What a request for all devices counts as: an allocation holds no more."""
_FOR_POD = "resource.kubernetes.io/extended-resource-claim"


class Lookup(Protocol):
    """What is known of other objects."""

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None: ...

    def list(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        """Of all namespaces if none is given."""

    def version(self, resource: Resource) -> int:
        """Rises with every change of the resource's objects."""


class ResourceClaims(Counter):
    """A claim that was made for a pod's extended resources is charged only what the pod was not."""

    def __init__(self, *, reader: Lookup) -> None:
        super().__init__(group="resource.k8s.io", plural="resourceclaims")
        self._reader = reader
        self._pods = Pods()
        self._version = -1
        self._resource_of: dict[str, str] = {}

    def handles(self, change: Change) -> bool:
        return not change.subresource and change.operation in (CREATE, UPDATE)

    def matching(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if self._meters(name))

    def _meters(self, name: str) -> bool:
        if name in self._names or name.endswith(PER_CLASS):
            return True
        if not is_extended_request(name):
            return False
        resources = self._resources()
        if name.startswith(_IMPLICIT):
            return self._reader.get(DEVICE_CLASSES, "", name.removeprefix(_IMPLICIT)) is not None
        return name.removeprefix(REQUESTS) in resources.values()

    def usage(self, obj: Object, now: datetime) -> Amounts:
        found = super().usage(obj, now)
        for request in ((obj.get("spec") or {}).get("devices") or {}).get("requests") or ():
            if request.get("firstAvailable"):
                highest: Amounts = {}
                for alternative in request["firstAvailable"]:
                    raise_to(highest, _devices(alternative))
                add(found, {name: amount for name, amount in highest.items() if amount})
            elif request.get("exactly") is not None:
                add(found, _devices(request["exactly"]))
        of_pod = self._charged_to_pod(obj, now)
        resources = self._resources()
        for name, amount in list(found.items()):
            device_class = name.removesuffix(PER_CLASS)
            if device_class in ("", name):
                continue
            also = [_IMPLICIT + device_class]
            if resources.get(device_class):
                also.append(REQUESTS + resources[device_class])
            for resource in also:
                rest = amount - of_pod.get(resource, ZERO)
                if rest.sign > 0:
                    found[resource] = rest
        return found

    def _resources(self) -> dict[str, str]:
        """Device classes that stand for an extended resource, and which."""
        version = self._reader.version(DEVICE_CLASSES)
        if version != self._version:
            self._version = version
            self._resource_of = {
                obj["metadata"]["name"]: name
                for obj in self._reader.list(DEVICE_CLASSES)
                if (name := (obj.get("spec") or {}).get("extendedResourceName"))
            }
        return self._resource_of

    def _charged_to_pod(self, claim: Object, now: datetime) -> Amounts:
        """What was charged to the pod that the claim was made for; nothing if it cannot be told for sure."""
        metadata = claim["metadata"]
        if (metadata.get("annotations") or {}).get(_FOR_POD) != "true":
            return {}
        owner = _controller(claim)
        if owner is None or (owner.get("apiVersion"), owner.get("kind")) != ("v1", "Pod"):
            return {}
        pod = self._reader.get(PODS, metadata.get("namespace", ""), owner.get("name", ""))
        if pod is None or pod["metadata"]["uid"] != owner.get("uid"):
            return {}
        status = (pod.get("status") or {}).get("extendedResourceClaimStatus")
        if status is not None:
            mine = status.get("resourceClaimName") == metadata.get("name")
        else:
            mine = not any(self._comes_before(other, claim, owner["uid"]) for other in self._claims(metadata))
        return self._pods.usage(pod, now) if mine else {}

    def _claims(self, metadata: Object) -> Sequence[Object]:
        return self._reader.list(RESOURCE_CLAIMS, metadata.get("namespace", ""))

    @staticmethod
    def _comes_before(other: Object, claim: Object, uid: str) -> bool:
        """Another claim made for the same pod, before this one: only the first is what the pod was charged for."""
        owner = _controller(other)
        if owner is None or owner.get("uid") != uid:
            return False
        if (other["metadata"].get("annotations") or {}).get(_FOR_POD) != "true":
            return False
        return bool(_age(other) < _age(claim))


def _age(claim: Object) -> tuple[str, str]:
    metadata = claim["metadata"]
    return metadata.get("creationTimestamp") or "", metadata.get("name") or ""


def _controller(obj: Object) -> Object | None:
    owners = obj["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _devices(request: Object) -> Amounts:
    mode = request.get("allocationMode")
    count = request.get("count") or 0 if mode == "ExactCount" else _ALL_DEVICES if mode == "All" else 0
    return {request.get("deviceClassName", "") + PER_CLASS: of_value(count)}
