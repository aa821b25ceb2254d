"""The rules of a Service, in upstream's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.core.endpoint_ip import validate_endpoint_ip
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import (
    each,
    label,
    one_of,
    one_of_required,
    port_number_or_name,
    qualified,
    subdomain,
)
from steersman.api.core.service_addresses import validate_address_changes, validate_addresses
from steersman.api.core.service_type import (
    externally_accessible,
    is_headless,
    needs_health_check,
    spec_of,
    type_of,
)
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, not_supported, required
from steersman.api.meta.addresses import valid_cidr_legacy, valid_ip_legacy
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import port_number
from steersman.api.meta.object_meta import IMMUTABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_AFFINITY_S_MAX = 86400


def validate(service: Object) -> list[FieldError]:
    return _validate(service, None)


def validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = validate_address_changes(new, old)
    errors += _validate_class_change(new, old)
    if needs_health_check(new) and needs_health_check(old):
        port, was = (spec_of(service).get("healthCheckNodePort") or 0 for service in (new, old))
        if port != was:
            errors.append(forbidden("spec.healthCheckNodePort", IMMUTABLE))
    return errors + _validate(new, old)


def _validate(service: Object, old: Object | None) -> list[FieldError]:
    spec = spec_of(service)
    errors = _validate_topology(service["metadata"].get("annotations") or {})
    ports = spec.get("ports") or []
    if not ports and not is_headless(service) and type_of(service) != "ExternalName":
        errors.append(required("spec.ports"))
    errors += _validate_type(service)
    names: set[str] = set()
    for index, port in enumerate(ports):
        errors += _validate_port(port, f"spec.ports[{index}]", names, needs_name=len(ports) > 1)
    if spec.get("selector") is not None:
        errors += validate_labels(spec["selector"], "spec.selector")
    errors += _validate_affinity(spec)
    errors += validate_addresses(service, old)
    errors += _validate_external_ips(spec, spec_of(old) if old is not None else {})
    errors += one_of_required(type_of(service), "spec.type", _TYPES)
    errors += _validate_port_numbers(ports, type_of(service))
    errors += _validate_source_ranges(service, old)
    balanced = type_of(service) == "LoadBalancer"
    if spec.get("allocateLoadBalancerNodePorts") is not None and not balanced:
        errors.append(forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCER))
    if balanced and spec.get("allocateLoadBalancerNodePorts") is None:
        errors.append(required("allocateLoadBalancerNodePorts"))
    errors += _validate_class(service)
    errors += _validate_external_traffic(service)
    errors += _validate_internal_traffic(service)
    distribution = spec.get("trafficDistribution")
    if distribution is not None:
        supported = ("PreferClose", "PreferSameZone", "PreferSameNode")
        errors += one_of(distribution, "spec.trafficDistribution", supported)
    return errors


def _validate_topology(annotations: Object) -> list[FieldError]:
    mode, hints = annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_HINTS)
    if mode is None or hints is None or mode == hints:
        return []
    detail = f"must match annotations[{TOPOLOGY_HINTS}] when both are specified"
    return [invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, detail)]


def _validate_type(service: Object) -> list[FieldError]:
    kind, spec = type_of(service), spec_of(service)
    if kind in ("LoadBalancer", "NodePort"):
        if not is_headless(service):
            return []
        return [invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")]
    if kind != "ExternalName":
        return []
    errors = [
        forbidden(f"spec.{name}", "may not be set for ExternalName services")
        for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
        if spec.get(name)
    ]
    name = (spec.get("externalName") or "").removesuffix(".")
    return errors + (subdomain(name, "spec.externalName") if name else [required("spec.externalName")])


def _validate_port(port: Object, path: str, names: set[str], *, needs_name: bool) -> list[FieldError]:
    name = port.get("name") or ""
    errors: list[FieldError] = []
    if name:
        errors += label(name, f"{path}.name")
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
    elif needs_name:
        errors.append(required(f"{path}.name"))
    number = port.get("port") or 0
    errors += each(f"{path}.port", number, port_number(number))
    errors += one_of_required(port.get("protocol") or "", f"{path}.protocol", _PROTOCOLS)
    errors += port_number_or_name(port.get("targetPort", 0), f"{path}.targetPort")
    if port.get("appProtocol") is not None:
        errors += qualified(port["appProtocol"], f"{path}.appProtocol")
    return errors


def _validate_affinity(spec: Object) -> list[FieldError]:
    affinity, path = spec.get("sessionAffinity") or "", "spec.sessionAffinityConfig"
    errors = one_of_required(affinity, "spec.sessionAffinity", ("ClientIP", "None"))
    config = spec.get("sessionAffinityConfig")
    if affinity == "ClientIP":
        return errors + _validate_client_ip(config, path)
    if affinity == "None" and config is not None:
        errors.append(forbidden(path, "must not be set when session affinity is None"))
    return errors


def _validate_client_ip(config: Object | None, path: str) -> list[FieldError]:
    if config is None:
        return [required(path, "when session affinity type is ClientIP")]
    client = config.get("clientIP")
    if client is None:
        return [required(f"{path}.clientIP", "when session affinity type is ClientIP")]
    timeout_s = client.get("timeoutSeconds")
    path = f"{path}.clientIP.timeoutSeconds"
    if timeout_s is None:
        return [required(path, "when session affinity type is ClientIP")]
    if not 0 < timeout_s <= _AFFINITY_S_MAX:
        return [invalid(path, timeout_s, f"must be greater than 0 and less than {_AFFINITY_S_MAX}")]
    return []


def _validate_external_ips(spec: Object, before: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, address in enumerate(spec.get("externalIPs") or ()):
        path = f"spec.externalIPs[{index}]"
        wrong = valid_ip_legacy(path, address, old=before.get("externalIPs") or ())
        errors += wrong or validate_endpoint_ip(address, path)
    return errors


def _validate_port_numbers(ports: Sequence[Object], kind: str) -> list[FieldError]:
    errors = []
    if kind == "ClusterIP":
        errors += [
            forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
            for index, port in enumerate(ports)
            if port.get("nodePort")
        ]
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        key = port.get("protocol"), port.get("nodePort")
        if key[1] and key in seen:
            errors.append(duplicate(f"spec.ports[{index}].nodePort", key[1]))
        seen.add(key)
    seen.clear()
    for index, port in enumerate(ports):
        key = port.get("protocol"), port.get("port")
        if key in seen:
            shown = {"protocol": key[0], "port": key[1]}
            errors.append(duplicate(f"spec.ports[{index}]", render("ServicePort", shown)))
        seen.add(key)
    return errors


def _validate_source_ranges(service: Object, old: Object | None) -> list[FieldError]:
    ranges = spec_of(service).get("loadBalancerSourceRanges")
    balanced = type_of(service) == "LoadBalancer"
    if ranges:
        # Upstream spells the field with a capital here.
        path = "spec.LoadBalancerSourceRanges"
        errors = [] if balanced else [forbidden(path, _ONLY_LOAD_BALANCER)]
        before = spec_of(old).get("loadBalancerSourceRanges") if old is not None else ()
        known = [text.strip() for text in before or ()]
        for index, text in enumerate(ranges):
            errors += valid_cidr_legacy(f"{path}[{index}]", text.strip(), old=known)
        return errors
    annotation = (service["metadata"].get("annotations") or {}).get(_SOURCE_RANGES)
    if annotation is None:
        return []
    path = f"metadata.annotations[{_SOURCE_RANGES}]"
    errors = [] if balanced else [forbidden(path, _ONLY_LOAD_BALANCER)]
    was = (old["metadata"].get("annotations") or {}).get(_SOURCE_RANGES) if old is not None else None
    if annotation != was and annotation.strip():
        for text in annotation.strip().split(","):
            errors += valid_cidr_legacy(path, text.strip())
    return errors


def _validate_class_change(new: Object, old: Object) -> list[FieldError]:
    errors = []
    if type_of(new) == type_of(old) == "LoadBalancer":
        name = spec_of(new).get("loadBalancerClass")
        if name != spec_of(old).get("loadBalancerClass"):
            errors.append(invalid("spec.loadBalancerClass", name, "may not change once set"))
    return errors + _validate_class(new)


def _validate_class(service: Object) -> list[FieldError]:
    name = spec_of(service).get("loadBalancerClass")
    if name is None:
        return []
    if type_of(service) != "LoadBalancer":
        return [forbidden("spec.loadBalancerClass", _ONLY_LOAD_BALANCER)]
    return qualified(name, "spec.loadBalancerClass")


def _validate_external_traffic(service: Object) -> list[FieldError]:
    spec = spec_of(service)
    policy, path = spec.get("externalTrafficPolicy") or "", "spec.externalTrafficPolicy"
    errors = []
    if externally_accessible(service):
        errors += one_of_required(policy, path, ("Cluster", "Local"))
    elif policy:
        errors.append(invalid(path, policy, "may only be set for externally-accessible services"))
    port, path = spec.get("healthCheckNodePort") or 0, "spec.healthCheckNodePort"
    if not needs_health_check(service):
        if port:
            detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            errors.append(invalid(path, port, detail))
    elif not port:
        errors.append(required(path))
    else:
        errors += each(path, port, port_number(port))
    return errors


def _validate_internal_traffic(service: Object) -> list[FieldError]:
    policy, path = spec_of(service).get("internalTrafficPolicy"), "spec.internalTrafficPolicy"
    if policy is None:
        return [required(path)] if type_of(service) in ("ClusterIP", "LoadBalancer", "NodePort") else []
    return [] if policy in ("Cluster", "Local") else [not_supported(path, policy, ("Cluster", "Local"))]
