"""EndpointSlice: a part of the addresses behind a service.

Invariants: the type of addresses never changes; stored endpoints that older rules let in may stay as they are. Labels
count as desired state: they raise the generation. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.endpoint_ip import validate_endpoint_ip
from steersman.api.core.podspec.validation.common import each, label, qualified, subdomain
from steersman.api.errors import FieldError, duplicate, internal, invalid, not_supported, required, too_many
from steersman.api.meta.addresses import ip_warnings, parse_ip_sloppy, valid_ip, valid_ip_legacy
from steersman.api.meta.domains import fully_qualified_domain_name
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import dns1123_subdomain, label_value
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from steersman.api.meta.types import Object

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
ADDRESSES_MAX = 100
ENDPOINTS_MAX = 1000
PORTS_MAX = 20000
HINTS_MAX = 8
TOPOLOGY_LABELS_MAX = 16
_ZONE_LABEL, _HOSTNAME_LABEL = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
_SHOWN_MAX = 3


def _default(obj: Object) -> None:
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _prepare_create(obj: Object, _ctx: Context) -> None:
    _drop_topology(obj, None)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    relabelled = (new["metadata"].get("labels") or {}) != (old["metadata"].get("labels") or {})
    if relabelled or _content(new) != _content(old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    if new.get("endpoints") != old.get("endpoints"):
        _drop_topology(new, old)


def _content(obj: Object) -> Object:
    return {name: obj.get(name) or None for name in ("addressType", "endpoints", "ports")}


def _drop_topology(new: Object, old: Object | None) -> None:
    """v1 does not write deprecatedTopology; a node that was only named there moves to nodeName."""
    known = {at(each, "deprecatedTopology", _HOSTNAME_LABEL) for each in (old or {}).get("endpoints") or ()}
    for endpoint in new.get("endpoints") or ():
        node = (endpoint.pop("deprecatedTopology", None) or {}).get(_HOSTNAME_LABEL)
        if node and node in known and endpoint.get("nodeName") is None and not dns1123_subdomain(node):
            endpoint["nodeName"] = node


def _validate(obj: Object) -> list[FieldError]:
    errors, declared = _validate_endpoints(obj)
    return _validate_ports(obj.get("ports") or ()) + errors + _validate_type(obj) + declared


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    kind, was = new.get("addressType") or "", old.get("addressType") or ""
    errors = _validate_ports(new.get("ports") or ())
    found, declared = ([], []) if new.get("endpoints") == old.get("endpoints") else _validate_endpoints(new)
    changed = [] if kind == was else [invalid("addressType", None, IMMUTABLE)]
    return errors + found + _validate_type(new) + changed + declared


def _validate_type(obj: Object) -> list[FieldError]:
    kind = obj.get("addressType") or ""
    if not kind:
        return [required("addressType")]
    return [] if kind in ("FQDN", "IPv4", "IPv6") else [not_supported("addressType", kind, ("FQDN", "IPv4", "IPv6"))]


def _validate_endpoints(obj: Object) -> tuple[list[FieldError], list[FieldError]]:
    """What is found by rules in code, and by rules declared at the type: the latter are told last."""
    endpoints = obj.get("endpoints") or []
    if len(endpoints) > ENDPOINTS_MAX:
        return [too_many("endpoints", len(endpoints), ENDPOINTS_MAX)], []
    errors: list[FieldError] = []
    declared: list[FieldError] = []
    for index, endpoint in enumerate(endpoints):
        path = f"endpoints[{index}]"
        addresses = endpoint.get("addresses") or []
        if not addresses:
            declared.append(required(f"{path}.addresses"))
        elif len(addresses) > ADDRESSES_MAX:
            declared.append(too_many(f"{path}.addresses", len(addresses), ADDRESSES_MAX))
        errors += _validate_endpoint(endpoint, path, obj.get("addressType") or "")
    return errors, declared


def _validate_endpoint(endpoint: Object, path: str, kind: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, address in enumerate(endpoint.get("addresses") or ()):
        errors += _validate_address(address, f"{path}.addresses", index, kind)
    if endpoint.get("nodeName") is not None:
        errors += subdomain(endpoint["nodeName"], f"{path}.nodeName")
    topology, topology_path = endpoint.get("deprecatedTopology") or {}, f"{path}.deprecatedTopology"
    if len(topology) > TOPOLOGY_LABELS_MAX:
        errors.append(too_many(topology_path, len(topology), TOPOLOGY_LABELS_MAX))
    errors += validate_labels(topology, topology_path)
    if _ZONE_LABEL in topology:
        errors.append(internal(f"{topology_path}[{_ZONE_LABEL}]", "reserved key was not removed in conversion"))
    if endpoint.get("hostname") is not None:
        errors += label(endpoint["hostname"], f"{path}.hostname")
    if endpoint.get("hints") is not None:
        errors += _validate_hints(endpoint["hints"], f"{path}.hints")
    return errors


def _validate_address(address: str, list_path: str, index: int, kind: str) -> list[FieldError]:
    path = f"{list_path}[{index}]"
    match kind:
        case "IPv4" | "IPv6":
            wrong = valid_ip_legacy(path, address) if kind == "IPv4" else valid_ip(path, address)
            if wrong:
                return wrong
            parsed = parse_ip_sloppy(address)
            other = parsed is None or f"IPv{parsed.version}" != kind
            errors = [invalid(list_path, address, f"must be an {kind} address")] if other else []
            return errors + validate_endpoint_ip(address, path)
        case "FQDN":
            return fully_qualified_domain_name(path, address)
    return []


def _validate_hints(hints: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for field, judge in (("forZones", label_value), ("forNodes", dns1123_subdomain)):
        entries = hints.get(field) or []
        if len(entries) > HINTS_MAX:
            return [*errors, too_many(f"{path}.{field}", len(entries), HINTS_MAX)]
        errors += _validate_names([entry.get("name") or "" for entry in entries], f"{path}.{field}", judge)
    return errors


def _validate_names(names: Sequence[str], path: str, judge: Callable[[str], list[str]]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, name in enumerate(names):
        if name in names[:index]:
            errors.append(duplicate(f"{path}[{index}].name", name))
        errors += each(f"{path}[{index}].name", name, judge(name))
    return errors


def _validate_ports(ports: Sequence[Object]) -> list[FieldError]:
    if len(ports) > PORTS_MAX:
        return [too_many("ports", len(ports), PORTS_MAX)]
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        path, name = f"ports[{index}]", port.get("name") or ""
        if name:
            errors += label(name, f"{path}.name")
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        protocol = port.get("protocol")
        if protocol is None:
            errors.append(required(f"{path}.protocol"))
        elif protocol not in ("SCTP", "TCP", "UDP"):
            errors.append(not_supported(f"{path}.protocol", protocol, ("SCTP", "TCP", "UDP")))
        if port.get("appProtocol") is not None:
            errors += qualified(port["appProtocol"], f"{path}.appProtocol")
    return errors


def _warnings(new: Object, old: Object | None) -> list[str]:
    warnings = []
    if old is None and new.get("addressType") == "FQDN":
        warnings.append("spec.addressType: FQDN endpoints are deprecated")
    if (new["metadata"].get("labels") or {}).get(MANAGED_BY) in _CONTROLLERS:
        return warnings
    for i, endpoint in enumerate(new.get("endpoints") or ()):
        for j, address in enumerate(endpoint.get("addresses") or ()):
            warnings += ip_warnings(f"endpoints[{i}].addresses[{j}]", address)
    return warnings


def _listed(values: Sequence[str]) -> str:
    text = ",".join(values[:_SHOWN_MAX])
    return f"{text} + {len(values) - _SHOWN_MAX} more..." if len(values) > _SHOWN_MAX else text or "<unset>"


def _ports(obj: Object, _now: datetime) -> str:
    return _listed([str(port.get("port", port.get("name", "*"))) for port in obj.get("ports") or ()])


def _endpoints(obj: Object, _now: datetime) -> str:
    return _listed([each for endpoint in obj.get("endpoints") or () for each in endpoint.get("addresses") or ()])


ENDPOINT_SLICES = Resource(
    group="discovery.k8s.io",
    version="v1",
    kind="EndpointSlice",
    plural="endpointslices",
    singular="endpointslice",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.discovery.v1.EndpointSlice"),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        generation_fields=(),
    ),
    columns=(
        Column("AddressType", "string", lambda obj, _now: obj.get("addressType", "")),
        Column("Ports", "string", _ports),
        Column("Endpoints", "string", _endpoints),
        AGE,
    ),
)
