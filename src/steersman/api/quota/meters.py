"""What an object uses of a quota: pods, services, volume claims, and everything else that is merely counted. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from steersman.api.core.claim_class import class_of_claim
from steersman.api.core.pod_resources import (
    Amounts,
    amounts,
    charged_limits,
    charged_requests,
    has_pod_level,
)
from steersman.api.core.podspec.validation.resources import is_extended, is_native
from steersman.api.meta.quantity import Quantity, of_value, parse
from steersman.api.quota import scopes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.api.quota.quota import Scope

CREATE, UPDATE = "CREATE", "UPDATE"
REQUESTS = "requests."
_ONE = of_value(1)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_OF_PODS = frozenset({"count/pods", "pods"}).union(*({name, REQUESTS + name, f"limits.{name}"} for name in _COMPUTE))
_REQUIRED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""Where a quota bounds one of these, every container must say how much it takes."""
_HUGE_PAGES = "hugepages-"
DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"
_STORAGE_CLASS = ".storageclass.storage.k8s.io/"
_OF_CLAIMS = ("persistentvolumeclaims", "requests.storage")


class Change(Protocol):
    """What is about to be done to an object."""

    @property
    def operation(self) -> str: ...
    @property
    def subresource(self) -> str: ...
    @property
    def obj(self) -> Object | None: ...
    @property
    def old(self) -> Object | None: ...


class Counter:
    """Objects of a resource, counted when they are made. Others refine it."""

    def __init__(self, *, group: str, plural: str, alias: str = "") -> None:
        self._count = f"count/{plural}.{group}" if group else f"count/{plural}"
        self._names = frozenset({self._count, alias} if alias else {self._count})

    def handles(self, change: Change) -> bool:
        return not change.subresource and change.operation == CREATE

    def matching(self, names: Iterable[str]) -> frozenset[str]:
        """Those of a quota's resources that this meters."""
        return self._names.intersection(names)

    def in_scope(self, _scope: Scope, _obj: Object) -> bool:
        """Only pods and claims are in any scope."""
        return False

    def missing(self, _required: frozenset[str], _obj: Object) -> str:
        """What an object must say under such a quota and does not; empty if all is well."""
        return ""

    def usage(self, _obj: Object, _now: datetime) -> Amounts:
        return dict.fromkeys(self._names, _ONE)


class Services(Counter):
    """Load balancers and node ports are bounded on their own."""

    def __init__(self) -> None:
        super().__init__(group="", plural="services", alias="services")

    def handles(self, change: Change) -> bool:
        return not change.subresource and change.operation in (CREATE, UPDATE)

    def matching(self, names: Iterable[str]) -> frozenset[str]:
        return (self._names | {"services.nodeports", "services.loadbalancers"}).intersection(names)

    def usage(self, obj: Object, now: datetime) -> Amounts:
        spec = obj.get("spec") or {}
        ports = spec.get("ports") or ()
        balanced = spec.get("type") == "LoadBalancer"
        node_ports = len(ports) if balanced or spec.get("type") == "NodePort" else 0
        if balanced and spec.get("allocateLoadBalancerNodePorts") is False:
            node_ports = sum(1 for port in ports if port.get("nodePort"))
        return super().usage(obj, now) | {
            "services.nodeports": of_value(node_ports),
            "services.loadbalancers": of_value(int(balanced)),
        }


class PersistentVolumeClaims(Counter):
    """Their number and their size, in all and of each storage class."""

    def __init__(self) -> None:
        super().__init__(group="", plural="persistentvolumeclaims", alias="persistentvolumeclaims")

    def handles(self, change: Change) -> bool:
        if change.subresource == "status":
            return change.operation == UPDATE
        return not change.subresource and change.operation in (CREATE, UPDATE)

    def matching(self, names: Iterable[str]) -> frozenset[str]:
        suffixes = tuple(_STORAGE_CLASS + name for name in _OF_CLAIMS)
        return frozenset(name for name in names if name in self._names or name in _OF_CLAIMS or name.endswith(suffixes))

    def in_scope(self, scope: Scope, obj: Object) -> bool:
        return scopes.claim_matches(scope, obj)

    def usage(self, obj: Object, now: datetime) -> Amounts:
        found = super().usage(obj, now)
        storage_class = class_of_claim(obj)
        if storage_class:
            found[f"{storage_class}{_STORAGE_CLASS}persistentvolumeclaims"] = _ONE
        size = _storage(obj)
        if size is not None:
            found["requests.storage"] = size
            if storage_class:
                found[f"{storage_class}{_STORAGE_CLASS}requests.storage"] = size
        return found


def _storage(claim: Object) -> Quantity | None:
    """What it asks for, or what it is being given if that is more; in whole bytes."""
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        return None
    wanted = parse(requests["storage"])
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    if allocated is not None:
        wanted = max(wanted, parse(allocated))
    whole = of_value(wanted.value(), wanted.format)
    return wanted if whole == wanted else whole


class Pods(Counter):
    """Their number, and while they run what they ask for."""

    def __init__(self) -> None:
        super().__init__(group="", plural="pods")

    def handles(self, change: Change) -> bool:
        if change.subresource == "resize":
            return change.operation == UPDATE
        if change.subresource:
            return False
        if change.operation == UPDATE and change.obj is not None and change.old is not None:
            return scopes.is_terminating(change.old) != scopes.is_terminating(change.obj)
        return change.operation == CREATE

    def matching(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(
            name
            for name in names
            if name in _OF_PODS or name.startswith((_HUGE_PAGES, REQUESTS + _HUGE_PAGES)) or is_extended_request(name)
        )

    def in_scope(self, scope: Scope, obj: Object) -> bool:
        return scopes.pod_matches(scope, obj)

    def missing(self, required: frozenset[str], obj: Object) -> str:
        spec = obj["spec"]
        required = required & _REQUIRED
        if not required or has_pod_level(spec):
            return ""
        silent: dict[str, set[str]] = {}
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
            resources = container.get("resources") or {}
            said = _metered(amounts(resources.get("requests")), amounts(resources.get("limits")))
            for name in required - said.keys():
                silent.setdefault(name, set()).add(container.get("name", ""))
        texts = [f"{name} for: {','.join(sorted(names))}" for name, names in sorted(silent.items())]
        return f"must specify {'; '.join(texts)}" if texts else ""

    def usage(self, obj: Object, now: datetime) -> Amounts:
        found: Amounts = {"count/pods": _ONE}
        if has_ended(obj, now):
            return found
        return found | _metered(charged_requests(obj), charged_limits(obj))


def has_ended(pod: Object, now: datetime) -> bool:
    """Finished, or being deleted for longer than it was given: what it asked for is free again."""
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return True
    metadata = pod["metadata"]
    deleted, grace_s = metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
    if not deleted or grace_s is None:
        return False
    moment = datetime.strptime(deleted, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return now > moment + timedelta(seconds=grace_s)


def _metered(requests: Amounts, limits: Amounts) -> Amounts:
    """By the names that quotas use."""
    found: Amounts = {"pods": _ONE}
    for name in _COMPUTE:
        if name in requests:
            found[name] = found[REQUESTS + name] = requests[name]
        if name in limits:
            found[f"limits.{name}"] = limits[name]
    for name, amount in requests.items():
        if name.startswith(_HUGE_PAGES):
            found[name] = found[REQUESTS + name] = amount
        elif name.startswith(DEVICE_CLASS) or is_extended(name):
            found[REQUESTS + name] = amount
    return found


def is_extended_request(name: str) -> bool:
    """A quota's name for an extended resource."""
    return name.startswith(REQUESTS) and (not is_native(name) or name.startswith(REQUESTS + DEVICE_CLASS))
