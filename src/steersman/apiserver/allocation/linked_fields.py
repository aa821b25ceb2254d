"""What the author of a Service left out because it was there before, or because another field says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.service_type import (
    needs_cluster_ip,
    needs_health_check,
    node_ports,
    spec_of,
    wants_node_ports,
)

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def keep_allocated(new: Object, old: Object) -> None:
    """A client that sends the same manifest again keeps what it was given."""
    spec, before = spec_of(new), spec_of(old)
    if needs_cluster_ip(old) and needs_cluster_ip(new):
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and before.get("clusterIPs"):
            spec["clusterIPs"] = list(before["clusterIPs"])
    if wants_node_ports(old) and wants_node_ports(new):
        _keep_node_ports(new, old)
    health = before.get("healthCheckNodePort")
    if health and needs_health_check(old) and needs_health_check(new) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = health


def _keep_node_ports(new: Object, old: Object) -> None:
    """Ports are known by their names; one that is used for another port is not given twice."""
    used = set(node_ports(old)) & set(node_ports(new))
    by_name = {port.get("name") or "": port.get("nodePort") or 0 for port in spec_of(old).get("ports") or ()}
    for port in spec_of(new).get("ports") or ():
        known = by_name.get(port.get("name") or "", 0)
        if not port.get("nodePort") and known and known not in used:
            port["nodePort"] = known


def link_cluster_ips(new: Object, old: Object | None) -> None:
    """The fields clusterIP and clusterIPs[0] are one value; old clients write the former only."""
    spec = spec_of(new)
    address, addresses = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if old is None:
        if address and not addresses:
            spec["clusterIPs"] = [address]
        return
    was, were = spec_of(old).get("clusterIP") or "", spec_of(old).get("clusterIPs") or []
    if were and not addresses and address == was:
        spec["clusterIPs"] = addresses = list(were)
    if address == was or addresses != were:
        return
    if address:
        spec["clusterIPs"] = [address]
    else:
        spec.pop("clusterIPs", None)
