"""What a Service's type decides: which of its linked fields it needs, and which fall away when the type changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

NONE = "None"
"""As a cluster IP: the service is headless, and has none by intention."""


def spec_of(service: Object) -> Object:
    spec: Object = service.get("spec") or {}
    return spec


def type_of(service: Object) -> str:
    return spec_of(service).get("type") or ""


def cluster_ips(service: Object) -> list[str]:
    return spec_of(service).get("clusterIPs") or []


def is_headless(service: Object) -> bool:
    return cluster_ips(service) == [NONE]


def needs_cluster_ip(service: Object) -> bool:
    return type_of(service) != "ExternalName"


def may_have_node_ports(service: Object) -> bool:
    return type_of(service) in ("NodePort", "LoadBalancer")


def wants_node_ports(service: Object) -> bool:
    """Ports without a node port get one."""
    if type_of(service) == "LoadBalancer":
        return spec_of(service).get("allocateLoadBalancerNodePorts") is not False
    return type_of(service) == "NodePort"


def needs_health_check(service: Object) -> bool:
    """A load balancer that sends traffic only to nodes with endpoints asks nodes on a port of its own."""
    return type_of(service) == "LoadBalancer" and spec_of(service).get("externalTrafficPolicy") == "Local"


def externally_accessible(service: Object) -> bool:
    kind = type_of(service)
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec_of(service).get("externalIPs")))


def node_ports(service: Object) -> list[int]:
    """Those of its ports, in order, repeated as they are."""
    return [port["nodePort"] for port in spec_of(service).get("ports") or () if port.get("nodePort")]


def drop_dependent_fields(new: Object, old: Object) -> None:
    """What a change of type leaves without meaning goes, unless its author has changed it at the same time (then
    validation refuses it).
    """
    spec, before = spec_of(new), spec_of(old)
    if needs_cluster_ip(old) and not needs_cluster_ip(new):
        _drop_addresses(spec, before)
    if may_have_node_ports(old) and not may_have_node_ports(new) and set(node_ports(new)) <= set(node_ports(old)):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check(old) and not needs_health_check(new):
        _drop_same(spec, before, "healthCheckNodePort")
    if type_of(old) == "LoadBalancer" and type_of(new) != "LoadBalancer":
        _drop_same(spec, before, "allocateLoadBalancerNodePorts")
        _drop_same(spec, before, "loadBalancerClass")
    if externally_accessible(old) and not externally_accessible(new):
        _drop_same(spec, before, "externalTrafficPolicy")
    if type_of(new) != "LoadBalancer" and at(new, "status", "loadBalancer"):
        new["status"] = new["status"] | {"loadBalancer": {}}


def _drop_addresses(spec: Object, before: Object) -> None:
    if spec.get("clusterIP") == before.get("clusterIP") and spec.get("clusterIPs") == before.get("clusterIPs"):
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    _drop_same(spec, before, "ipFamilies")
    _drop_same(spec, before, "ipFamilyPolicy")


def _drop_same(spec: Object, before: Object, name: str) -> None:
    if spec.get(name) == before.get(name):
        spec.pop(name, None)
