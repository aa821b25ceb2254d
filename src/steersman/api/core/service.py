"""Service: a stable address and name for a set of pods.

Its fields hang together by its type (`service_type`); addresses and node ports come from allocation
(`apiserver/allocation`), which runs before what is here. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at, joined, labels_text
from steersman.api.core.load_balancer import point_warnings, points_text, validate_service_points
from steersman.api.core.service_type import cluster_ips, drop_dependent_fields, externally_accessible, type_of
from steersman.api.core.service_validation import validate, validate_update
from steersman.api.core.service_warnings import service_warnings
from steersman.api.meta.names import name_is_dns_label
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

AFFINITY_TIMEOUT_S = 10800


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("sessionAffinity"):
        spec["sessionAffinity"] = "None"
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif (
        spec["sessionAffinity"] == "ClientIP"
        and at(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds") is None
    ):
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": AFFINITY_TIMEOUT_S}}
    if not spec.get("type"):
        spec["type"] = "ClusterIP"
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if externally_accessible(obj) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec["type"] in ("ClusterIP", "LoadBalancer", "NodePort") and spec.get("internalTrafficPolicy") is None:
        spec["internalTrafficPolicy"] = "Cluster"
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for point in at(obj, "status", "loadBalancer", "ingress", default=()):
            if point.get("ip"):
                point.setdefault("ipMode", "VIP")


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {"loadBalancer": {}}


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    drop_dependent_fields(new, old)


def _canonicalize(obj: Object) -> None:
    """An ExternalName service has no traffic inside the cluster; upstream hides the field when such a one is read."""
    if type_of(obj) == "ExternalName":
        obj["spec"].pop("internalTrafficPolicy", None)


def _cluster_ip(obj: Object, _now: datetime) -> str:
    return (cluster_ips(obj) or ["<none>"])[0]


def _external_ip(obj: Object, _now: datetime) -> str:
    external: list[str] = at(obj, "spec", "externalIPs", default=[])
    match type_of(obj):
        case "ClusterIP" | "NodePort":
            return joined(external)
        case "LoadBalancer":
            points = points_text(obj)
            return ",".join([points, *external] if points else external) or "<pending>"
        case "ExternalName":
            return str(at(obj, "spec", "externalName", default=""))
    return "<unknown>"


def _ports(obj: Object, _now: datetime) -> str:
    return joined([_port(port) for port in at(obj, "spec", "ports", default=())])


def _port(port: Object) -> str:
    node_port = port.get("nodePort") or 0
    number = f"{port['port']}:{node_port}" if node_port > 0 else port["port"]
    return f"{number}/{port.get('protocol', '')}"


SERVICES = Resource(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    singular="service",
    short_names=("svc",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Service"),
    storage_prefix="services/specs",
    subresources=(
        Subresource(name="proxy", verbs=("create", "delete", "get", "patch", "update"), kind="ServiceProxyOptions"),
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=replace(status_view(validate_service_points), warnings=point_warnings),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=validate,
        validate_update=validate_update,
        warnings=service_warnings,
        canonicalize=_canonicalize,
        validate_name=name_is_dns_label,
        has_status=True,
        reset_fields=(("status",),),
        allow_create_on_update=True,
        delete_returns_object=True,
    ),
    columns=(
        Column("Type", "string", lambda obj, _now: type_of(obj)),
        Column("Cluster-IP", "string", _cluster_ip),
        Column("External-IP", "string", _external_ip),
        Column("Port(s)", "string", _ports),
        AGE,
        Column("Selector", "string", lambda obj, _now: labels_text(at(obj, "spec", "selector")), priority=1),
    ),
    selectable=(
        ("spec.clusterIP", lambda obj: at(obj, "spec", "clusterIP", default="")),
        ("spec.type", type_of),
    ),
    unknown_selector="field label not supported: {}",
)
