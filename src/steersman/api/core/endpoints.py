"""Endpoints: the addresses behind a service, in the form before EndpointSlice.

Invariants: stored subsets that older rules let in may stay as they are. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.core.endpoint_ip import validate_endpoint_ip
from steersman.api.core.podspec.validation.common import each, label, one_of_required, qualified, subdomain
from steersman.api.errors import FieldError, required
from steersman.api.meta.addresses import ip_warnings, valid_ip_legacy
from steersman.api.meta.names import port_number
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_CONTROLLER = "endpoint-controller"
_SHOWN_MAX = 3


def _default(obj: Object) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, subset in enumerate(obj.get("subsets") or ()):
        errors += _validate_subset(subset, f"subsets[{index}]")
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return [] if new.get("subsets") == old.get("subsets") else _validate(new)


def _validate_subset(subset: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for name in ("addresses", "notReadyAddresses"):
        for index, address in enumerate(subset.get(name) or ()):
            errors += _validate_address(address, f"{path}.{name}[{index}]")
    ports = subset.get("ports") or []
    for index, port in enumerate(ports):
        errors += _validate_port(port, f"{path}.ports[{index}]", needs_name=len(ports) > 1)
    return errors


def _validate_address(address: Object, path: str) -> list[FieldError]:
    ip = address.get("ip") or ""
    errors = valid_ip_legacy(f"{path}.ip", ip)
    if address.get("hostname"):
        errors += label(address["hostname"], f"{path}.hostname")
    if address.get("nodeName") is not None:
        errors += subdomain(address["nodeName"], f"{path}.nodeName")
    return errors + validate_endpoint_ip(ip, f"{path}.ip")


def _validate_port(port: Object, path: str, *, needs_name: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    if port.get("name"):
        errors += label(port["name"], f"{path}.name")
    elif needs_name:
        errors.append(required(f"{path}.name"))
    number = port.get("port") or 0
    errors += each(f"{path}.port", number, port_number(number))
    errors += one_of_required(port.get("protocol") or "", f"{path}.protocol", ("SCTP", "TCP", "UDP"))
    if port.get("appProtocol") is not None:
        errors += qualified(port["appProtocol"], f"{path}.appProtocol")
    return errors


def _warnings(new: Object, _old: Object | None) -> list[str]:
    if (new["metadata"].get("labels") or {}).get(MANAGED_BY) == _CONTROLLER:
        return []
    return [
        text
        for i, subset in enumerate(new.get("subsets") or ())
        for name in ("addresses", "notReadyAddresses")
        for j, address in enumerate(subset.get(name) or ())
        for text in ip_warnings(f"subsets[{i}].{name}[{j}].ip", address.get("ip", ""))
    ]


def _endpoints(obj: Object, _now: datetime) -> str:
    subsets = obj.get("subsets")
    if not subsets:
        return "<none>"
    shown: list[str] = []
    for subset in subsets:
        addresses = [address.get("ip", "") for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        shown += [_joined(ip, port["port"]) for port in ports for ip in addresses] if ports else addresses
    text = ",".join(shown[:_SHOWN_MAX])
    return f"{text} + {len(shown) - _SHOWN_MAX} more..." if len(shown) > _SHOWN_MAX else text


def _joined(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


ENDPOINTS = Resource(
    group="",
    version="v1",
    kind="Endpoints",
    plural="endpoints",
    singular="endpoints",
    short_names=("ep",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.Endpoints"),
    storage_prefix="services/endpoints",
    strategy=Strategy(
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        allow_create_on_update=True,
    ),
    columns=(Column("Endpoints", "string", _endpoints), AGE),
    deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
)
