"""What the controller looks at in services and nodes. Pure.

Upstream: k8s.io/cloud-provider/controllers/service, service/helpers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
LEAVING = "ToBeDeletedByClusterAutoscaler"
_FIELDS = (
    "loadBalancerSourceRanges",
    "ports",
    "sessionAffinity",
    "sessionAffinityConfig",
    "loadBalancerIP",
    "externalIPs",
    "externalTrafficPolicy",
    "healthCheckNodePort",
)
"""Of spec: what a load balancer depends on, besides the number of ipFamilies."""


def wants_balancer(service: Object) -> bool:
    """One of ours: what names a class is left to whoever has that."""
    return service["spec"].get("type") == "LoadBalancer" and service["spec"].get("loadBalancerClass") is None


def needs_cleanup(service: Object) -> bool:
    """Whether it may have a load balancer and should not any more."""
    metadata = service["metadata"]
    if FINALIZER not in (metadata.get("finalizers") or ()):
        return False
    return bool(metadata.get("deletionTimestamp")) or service["spec"].get("type") != "LoadBalancer"


def needs_update(old: Object, new: Object) -> bool:
    """Whether the load balancer should become another, come, or go."""
    if wants_balancer(old) != wants_balancer(new):
        return True
    if not wants_balancer(new):
        return False
    before, after = old["spec"], new["spec"]
    return (
        any(before.get(field) != after.get(field) for field in _FIELDS)
        or len(before.get("ipFamilies") or ()) != len(after.get("ipFamilies") or ())
        or (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {})
        or old["metadata"]["uid"] != new["metadata"]["uid"]
    )


def takes_traffic(node: Object) -> bool:
    """Whether load balancers may send to it."""
    metadata = node["metadata"]
    return (
        not metadata.get("deletionTimestamp")
        and EXCLUDED not in (metadata.get("labels") or {})
        and all(taint["key"] != LEAVING for taint in node["spec"].get("taints") or ())
    )


def is_other_node(old: Object | None, new: Object | None) -> bool:
    """Whether load balancers may have to send elsewhere. A taint alone does not make it so."""
    if old is None or new is None:
        return True
    excluded = [EXCLUDED in (node["metadata"].get("labels") or {}) for node in (old, new)]
    return excluded[0] != excluded[1] or old["spec"].get("providerID") != new["spec"].get("providerID")


def identities(nodes: list[Object]) -> frozenset[tuple[str, str]]:
    """By which sets of nodes are compared: name and the cloud's name of each."""
    return frozenset((node["metadata"]["name"], node["spec"].get("providerID") or "") for node in nodes)
