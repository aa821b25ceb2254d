"""The specification of a claim, which claims and templates of claims share: defaults and rules.

CEL expressions are judged by their length and presence only. Derived attributes belong to a feature that is off by
default in v1.37: they are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.dra.devices import (
    CONFIG_MAX,
    declared_configuration,
    declared_list,
    declared_selectors,
    declared_toleration,
    each,
    itself,
    validate_configuration,
    validate_selectors,
    validate_toleration,
)
from steersman.api.dra.names import class_name, declared_class_name, declared_fully_qualified, device_label
from steersman.api.errors import FieldError, invalid, not_supported, required

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from steersman.api.meta.types import Object

REQUESTS_MAX = 32
CONSTRAINTS_MAX = 32
FIRST_AVAILABLE_MAX = 8
_MODES = ("All", "ExactCount")
_ONE_OF = "exactly one of `exactly` or `firstAvailable` is required"
_ONE_ATTRIBUTE = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
_NO_REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

RequestNames = dict[str, "Collection[str]"]
"""Names of requests, each with those of its alternatives."""


def default_claim_spec(spec: Object) -> None:
    for request in _exact_requests(spec):
        mode = request.setdefault("allocationMode", "ExactCount")
        if mode == "ExactCount" and not request.get("count"):
            request["count"] = 1
        for toleration in request.get("tolerations") or ():
            toleration.setdefault("operator", "Equal")


def drop_disabled(spec: Object) -> None:
    for request in _exact_requests(spec):
        request.pop("derivedAttributes", None)


def _exact_requests(spec: Object) -> Iterator[Object]:
    for request in at(spec, "devices", "requests", default=()):
        if request.get("exactly") is not None:
            yield request["exactly"]
        yield from request.get("firstAvailable") or ()


def request_names(spec: Object) -> RequestNames:
    return {
        request.get("name") or "": {sub.get("name") or "" for sub in request.get("firstAvailable") or ()}
        for request in at(spec, "devices", "requests", default=())
    }


# --- Handwritten rules -------------------------------------------------------------------------------------------


def validate_claim_spec(spec: Object, path: str) -> list[FieldError]:
    devices, path = spec.get("devices") or {}, f"{path}.devices"
    names = request_names(spec)

    def constraint(value: Object, where: str) -> list[FieldError]:
        errors = validate_references(value, where, names)
        if value.get("matchAttribute") is None and value.get("distinctAttribute") is None:
            errors.append(required(where, _ONE_ATTRIBUTE))
        return errors

    def config(value: Object, where: str) -> list[FieldError]:
        return validate_references(value, where, names) + validate_configuration(value, where)

    errors = each(devices.get("requests") or (), f"{path}.requests", _validate_request, limit=REQUESTS_MAX)
    errors += each(devices.get("constraints") or (), f"{path}.constraints", constraint, limit=CONSTRAINTS_MAX)
    return errors + each(devices.get("config") or (), f"{path}.config", config, limit=CONFIG_MAX)


def validate_references(value: Object, path: str, names: RequestNames) -> list[FieldError]:
    """`requests` of constraints and configurations."""

    def reference(name: str, where: str) -> list[FieldError]:
        return validate_reference(name, where, names)

    return each(value.get("requests") or (), f"{path}.requests", reference, limit=REQUESTS_MAX)


def validate_reference(name: str, path: str, names: RequestNames) -> list[FieldError]:
    """`request` or `request/alternative`."""
    parts = name.split("/")
    errors: list[FieldError] = []
    if len(parts) <= 2:
        errors += [error for part in parts for error in device_label(part, path)]
        known = parts[0] in names and (len(parts) == 1 or parts[1] in names[parts[0]])
        if known:
            return errors
    return [*errors, invalid(path, name, _NO_REFERENCE)]


def _validate_request(request: Object, path: str) -> list[FieldError]:
    errors = device_label(request.get("name") or "", f"{path}.name")
    exactly, first = request.get("exactly"), request.get("firstAvailable")
    if exactly is not None and first:
        errors.append(invalid(path, None, f"{_ONE_OF}, but multiple fields are set"))
    elif first:
        errors += each(first, f"{path}.firstAvailable", _validate_alternative, limit=FIRST_AVAILABLE_MAX)
    elif exactly is not None:
        errors += class_name(exactly.get("deviceClassName") or "", f"{path}.exactly.deviceClassName")
        errors += _validate_exact(exactly, f"{path}.exactly")
    else:
        errors.append(required(path, _ONE_OF))
    return errors


def _validate_alternative(request: Object, path: str) -> list[FieldError]:
    return device_label(request.get("name") or "", f"{path}.name") + _validate_exact(request, path)


def _validate_exact(request: Object, path: str) -> list[FieldError]:
    errors = validate_selectors(request.get("selectors") or (), f"{path}.selectors")
    mode, count = request.get("allocationMode"), request.get("count") or 0
    if mode == "All" and count:
        errors.append(invalid(f"{path}.count", count, "must not be specified when allocationMode is 'All'"))
    elif mode == "ExactCount" and count <= 0:
        errors.append(invalid(f"{path}.count", count, "must be greater than zero"))
    return errors + each(request.get("tolerations") or (), f"{path}.tolerations", validate_toleration)


# --- Declared rules ----------------------------------------------------------------------------------------------


def declared_claim_spec(spec: Object, path: str) -> list[FieldError]:
    devices, path = spec.get("devices") or {}, f"{path}.devices"
    errors = declared_list(
        devices.get("requests") or (),
        f"{path}.requests",
        limit=REQUESTS_MAX,
        kind="DeviceRequest",
        key=_name,
        judge=_declared_request,
    )
    errors += declared_list(
        devices.get("constraints") or (), f"{path}.constraints", limit=CONSTRAINTS_MAX, judge=_declared_constraint
    )
    return errors + declared_list(
        devices.get("config") or (), f"{path}.config", limit=CONFIG_MAX, judge=declared_claim_configuration
    )


def _name(value: Object) -> str:
    return value.get("name") or ""


def _declared_request(request: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if (exactly := request.get("exactly")) is not None:
        errors += _declared_exact(exactly, f"{path}.exactly")
    return errors + declared_list(
        request.get("firstAvailable") or (),
        f"{path}.firstAvailable",
        limit=FIRST_AVAILABLE_MAX,
        kind="DeviceSubRequest",
        key=_name,
        judge=_declared_alternative,
    )


def _declared_alternative(request: Object, path: str) -> list[FieldError]:
    errors = declared_class_name(request.get("deviceClassName") or "", f"{path}.deviceClassName")
    return errors + _declared_exact(request, path)


def _declared_exact(request: Object, path: str) -> list[FieldError]:
    errors = declared_selectors(request.get("selectors") or (), f"{path}.selectors")
    mode = request.get("allocationMode")
    if mode and mode not in _MODES:
        errors.append(not_supported(f"{path}.allocationMode", mode, _MODES))
    return errors + each(request.get("tolerations") or (), f"{path}.tolerations", declared_toleration)


def _declared_constraint(constraint: Object, path: str) -> list[FieldError]:
    errors = declared_references(constraint, path)
    for name in ("matchAttribute", "distinctAttribute"):
        if (attribute := constraint.get(name)) is not None:
            errors += declared_fully_qualified(attribute, f"{path}.{name}")
    return errors


def declared_claim_configuration(config: Object, path: str) -> list[FieldError]:
    return declared_references(config, path) + declared_configuration(config, path)


def declared_references(value: Object, path: str) -> list[FieldError]:
    return declared_list(value.get("requests") or (), f"{path}.requests", limit=REQUESTS_MAX, key=itself)
