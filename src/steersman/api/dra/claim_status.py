"""What a claim has got: `status`, written by the scheduler and by drivers.

Upstream differences: whether the author may bind, or report on devices of, a driver is not asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.core.podspec.validation.affinity import validate_node_selector
from steersman.api.dra.claim_spec import (
    RequestNames,
    declared_claim_configuration,
    request_names,
    validate_reference,
    validate_references,
)
from steersman.api.dra.devices import (
    CONFIG_MAX,
    declared_binding_conditions,
    declared_list,
    declared_toleration,
    each,
    itself,
    validate_binding_conditions,
    validate_configuration,
    validate_json_object,
    validate_toleration,
)
from steersman.api.dra.names import (
    declared_driver_name,
    declared_pool_name,
    declared_uuid,
    device_label,
    driver_name,
    pool_name,
)
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required, too_long, too_many
from steersman.api.meta.addresses import valid_interface_address
from steersman.api.meta.conditions import validate_conditions
from steersman.api.meta.names import byte_length

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Context

CONSUMERS_MAX = 256
RESULTS_MAX = 32
CONDITIONS_MAX = 8
IPS_MAX = 16
DATA_BYTES_MAX = 10 * 1024
INTERFACE_BYTES_MAX, HARDWARE_BYTES_MAX = 256, 128
_SOURCES = ("FromClaim", "FromClass")


def default_claim_status(status: Object) -> None:
    for result in at(status, "allocation", "devices", "results", default=()):
        for toleration in result.get("tolerations") or ():
            toleration["operator"] = toleration.get("operator") or "Equal"


def prepare_claim_status(new: Object, old: Object, _ctx: Context) -> None:
    """Devices that are given back have no status any more; operations on nodes that are optional are off."""
    status = new.get("status") or {}
    for result in at(status, "allocation", "devices", "results", default=()):
        result.pop("skipNodeOperations", None)
    gone = _allocated(old) - _allocated(new)
    if "devices" in status:
        status["devices"] = [device for device in status["devices"] or () if _identity(device) not in gone]
        if not status["devices"]:
            del status["devices"]


def _identity(device: Object) -> tuple[str, ...]:
    return tuple(device.get(name) or "" for name in ("driver", "pool", "device", "shareID"))


def _allocated(claim: Object) -> frozenset[tuple[str, ...]]:
    results = at(claim, "status", "allocation", "devices", "results", default=())
    return frozenset(_identity(result) for result in results)


# --- Handwritten rules -------------------------------------------------------------------------------------------


def validate_claim_status(new: Object, old: Object) -> list[FieldError]:
    status, before = new.get("status") or {}, old.get("status") or {}
    names, allocated = request_names(new.get("spec") or {}), _allocated(new)

    def device(value: Object, path: str) -> list[FieldError]:
        return _validate_device(value, path, is_allocated=_identity(value) in allocated)

    consumers, allocation = status.get("reservedFor") or [], status.get("allocation")
    errors = each(consumers, "status.reservedFor", _validate_consumer, limit=CONSUMERS_MAX)
    errors += each(status.get("devices") or (), "status.devices", device)
    if consumers and allocation is None:
        errors.append(forbidden("status.reservedFor", "may not be specified when `allocated` is not set"))
    elif consumers and new["metadata"].get("deletionTimestamp"):
        kept = before.get("reservedFor") or []
        if any(consumer not in kept for consumer in consumers):
            detail = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
            errors.append(forbidden("status.reservedFor", detail))
    if allocation is not None and before.get("allocation") is None:
        errors += _validate_allocation(allocation, "status.allocation", names)
    return errors + _declared(status, before)


def _validate_consumer(consumer: Object, path: str) -> list[FieldError]:
    return [required(f"{path}.{name}") for name in ("resource", "name", "uid") if not consumer.get(name)]


def _validate_device(device: Object, path: str, *, is_allocated: bool) -> list[FieldError]:
    errors = driver_name(device.get("driver") or "", f"{path}.driver")
    errors += pool_name(device.get("pool") or "", f"{path}.pool")
    errors += device_label(device.get("device") or "", f"{path}.device")
    if not is_allocated:
        shown = dict(zip(("Driver", "Pool", "Device", "ShareID"), _identity(device), strict=True))
        errors.append(invalid(path, shown, "must be an allocated device in the claim"))
    conditions = device.get("conditions") or []
    if len(conditions) > CONDITIONS_MAX:
        errors.append(too_many(f"{path}.conditions", len(conditions), CONDITIONS_MAX))
    errors += validate_conditions(conditions, f"{path}.conditions")
    if device.get("data") is not None:
        errors += validate_json_object(device["data"], f"{path}.data", DATA_BYTES_MAX)

    def address(text: str, where: str) -> list[FieldError]:
        return valid_interface_address(where, text)

    return errors + each(
        at(device, "networkData", "ips", default=()), f"{path}.networkData.ips", address, limit=IPS_MAX
    )


def _validate_allocation(allocation: Object, path: str, names: RequestNames) -> list[FieldError]:
    def result(value: Object, where: str) -> list[FieldError]:
        errors = validate_reference(value.get("request") or "", f"{where}.request", names)
        errors += device_label(value.get("device") or "", f"{where}.device")
        errors += validate_binding_conditions(value, where)
        return errors + each(value.get("tolerations") or (), f"{where}.tolerations", validate_toleration)

    def config(value: Object, where: str) -> list[FieldError]:
        return validate_references(value, where, names) + validate_configuration(value, where)

    devices = allocation.get("devices") or {}
    errors = each(devices.get("results") or (), f"{path}.devices.results", result, limit=RESULTS_MAX)
    errors += each(devices.get("config") or (), f"{path}.devices.config", config, limit=2 * CONFIG_MAX)
    selector = allocation.get("nodeSelector")
    return errors if selector is None else errors + validate_node_selector(selector, f"{path}.nodeSelector")


# --- Declared rules ----------------------------------------------------------------------------------------------


def _declared(status: Object, before: Object) -> list[FieldError]:
    """Only what has changed is judged."""
    allocation, was = status.get("allocation"), before.get("allocation")
    errors: list[FieldError] = []
    if allocation is not None and allocation != was:
        if was is not None:
            errors.append(invalid("status.allocation", None, "field cannot be modified once set"))
        else:
            errors += _declared_allocation(allocation.get("devices") or {}, "status.allocation.devices")
    if status.get("reservedFor") != before.get("reservedFor"):
        errors += declared_list(
            status.get("reservedFor") or (),
            "status.reservedFor",
            limit=CONSUMERS_MAX,
            kind="ResourceClaimConsumerReference",
            key=lambda consumer: consumer.get("uid") or "",
        )
    if status.get("devices") != before.get("devices"):
        errors += declared_list(
            status.get("devices") or (),
            "status.devices",
            kind="AllocatedDeviceStatus",
            key=_identity,
            judge=_declared_device,
        )
    return errors


def _declared_allocation(devices: Object, path: str) -> list[FieldError]:
    errors = declared_list(devices.get("results") or (), f"{path}.results", limit=RESULTS_MAX, judge=_declared_result)
    return errors + declared_list(
        devices.get("config") or (), f"{path}.config", limit=2 * CONFIG_MAX, judge=_declared_config
    )


def _declared_result(result: Object, path: str) -> list[FieldError]:
    errors = declared_driver_name(result.get("driver") or "", f"{path}.driver")
    errors += declared_pool_name(result.get("pool") or "", f"{path}.pool")
    errors += declared_list(result.get("tolerations") or (), f"{path}.tolerations", judge=declared_toleration)
    errors += declared_binding_conditions(result, path)
    if result.get("shareID") is not None:
        errors += declared_uuid(result["shareID"], f"{path}.shareID")
    return errors


def _declared_config(config: Object, path: str) -> list[FieldError]:
    source = config.get("source") or ""
    if not source:
        errors = [required(f"{path}.source")]
    else:
        errors = [] if source in _SOURCES else [not_supported(f"{path}.source", source, _SOURCES)]
    return errors + declared_claim_configuration(config, path)


def _declared_device(device: Object, path: str) -> list[FieldError]:
    errors = declared_uuid(device["shareID"], f"{path}.shareID") if device.get("shareID") is not None else []
    network, path = device.get("networkData") or {}, f"{path}.networkData"
    if byte_length(network.get("interfaceName") or "") > INTERFACE_BYTES_MAX:
        errors.append(too_long(f"{path}.interfaceName", INTERFACE_BYTES_MAX))
    errors += declared_list(network.get("ips") or (), f"{path}.ips", limit=IPS_MAX, key=itself)
    if byte_length(network.get("hardwareAddress") or "") > HARDWARE_BYTES_MAX:
        errors.append(too_long(f"{path}.hardwareAddress", HARDWARE_BYTES_MAX))
    return errors
