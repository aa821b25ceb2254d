"""What an author of a Service is warned about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.service_type import NONE, cluster_ips, spec_of, type_of
from steersman.api.core.service_validation import TOPOLOGY_HINTS, TOPOLOGY_MODE
from steersman.api.meta.addresses import cidr_warnings, ip_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object


def service_warnings(service: Object, _old: Object | None) -> list[str]:
    return list(_warnings(service))


def _warnings(service: Object) -> Iterator[str]:
    spec, kind = spec_of(service), type_of(service)
    address = spec.get("clusterIP") or ""
    headless = kind == "ClusterIP" and address == NONE
    external = spec.get("externalIPs") or []
    if TOPOLOGY_HINTS in (service["metadata"].get("annotations") or {}):
        yield f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead"
    if address not in ("", NONE) and kind != "ExternalName":
        for index, each in enumerate(cluster_ips(service)):
            yield from ip_warnings(f"spec.clusterIPs[{index}]", each)
    if headless:
        yield from _headless(spec)
    for index, each in enumerate(external):
        yield from ip_warnings(f"spec.externalIPs[{index}]", each)
    if external and not headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.get("loadBalancerIP"):
        yield from ip_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, each in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", each)
    if kind == "ExternalName" and external:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if kind != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _headless(spec: Object) -> Iterator[str]:
    if spec.get("loadBalancerIP"):
        yield "spec.loadBalancerIP is ignored for headless services"
    if spec.get("externalIPs"):
        yield "spec.externalIPs is ignored for headless services"
    if spec.get("sessionAffinity") != "None":
        yield "spec.SessionAffinity is ignored for headless services"
