"""Rules of ResourceSlice. Those of capacities with a request policy are in `capacity_policy`.

Lists as attribute values, groups of compatible consumers, the type of a partition, resources taken from the node and
operations that are skipped belong to features that are off by default in v1.37: they are dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.columns import at
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.affinity import validate_node_selector
from steersman.api.dra.capacity_policy import validate_capacity
from steersman.api.dra.devices import (
    declared_binding_conditions,
    declared_list,
    declared_taint,
    each,
    repeated,
    validate_binding_conditions,
    validate_taint,
)
from steersman.api.dra.names import (
    KEY_SHOWN_MAX,
    attribute_name,
    declared_label,
    device_label,
    driver_name,
    pool_name,
)
from steersman.api.errors import FieldError, duplicate, invalid, required, too_long, too_many
from steersman.api.meta.names import byte_length, name_is_dns_subdomain
from steersman.api.meta.object_meta import immutable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steersman.api.meta.types import Object

DEVICES_MAX = 128
DEVICES_WITH_TAINTS_OR_COUNTERS_MAX = 64
TAINTS_MAX = 16
COUNTER_SETS_MAX = 8
COUNTERS_MAX = 32
CONSUMED_SETS_MAX = 2
ATTRIBUTES_AND_CAPACITIES_MAX = 32
ATTRIBUTE_VALUE_BYTES_MAX = 64
_MEMBERS = ("int", "bool", "string", "version", "ints", "bools", "strings", "versions")
_ONE_SELECTION = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_ONE_DEVICE_SELECTION = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true "
    "in the ResourceSlice spec"
)
_TRUE = "must be either unset or set to true"
_NUMBER = r"(0|[1-9][0-9]*)"
_PRE_RELEASE = r"(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = r"[0-9a-zA-Z-]+"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRE_RELEASE}(\.{_PRE_RELEASE})*)?(\+{_BUILD}(\.{_BUILD})*)?")


def validate_slice(obj: Object, old: Object | None) -> list[FieldError]:
    """The whole judgement. Capacities and taints of devices that `old` holds already stay as they are."""
    spec = obj.get("spec") or {}
    before = (old.get("spec") or {}) if old is not None else None
    return _validate_spec(spec, before) + _declared_spec(spec)


def _validate_spec(spec: Object, before: Object | None) -> list[FieldError]:
    pool = spec.get("pool") or {}
    errors = driver_name(spec.get("driver") or "", "spec.driver") + _validate_pool(pool, "spec.pool")
    if before is not None:
        errors += immutable(pool.get("name") or "", at(before, "pool", "name", default=""), "spec.pool.name")
        errors += immutable(spec.get("driver") or "", before.get("driver") or "", "spec.driver")
        errors += immutable(spec.get("nodeName"), before.get("nodeName"), "spec.nodeName")
    errors += _validate_selection(spec)
    if spec.get("sharedCounters") and spec.get("devices"):
        errors.append(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"))
    errors += _validate_devices(spec, before or {})
    return errors + each(spec.get("sharedCounters") or (), "spec.sharedCounters", _validate_set, limit=COUNTER_SETS_MAX)


def _validate_pool(pool: Object, path: str) -> list[FieldError]:
    errors = pool_name(pool.get("name") or "", f"{path}.name")
    count, generation = pool.get("resourceSliceCount") or 0, pool.get("generation") or 0
    if count <= 0:
        errors.append(invalid(f"{path}.resourceSliceCount", count, "must be greater than zero"))
    if generation < 0:
        errors.append(invalid(f"{path}.generation", generation, "must be greater than or equal to zero"))
    return errors


def _validate_selection(spec: Object) -> list[FieldError]:
    """Which nodes may use the devices is said once."""
    errors: list[FieldError] = []
    chosen = []
    if (node := spec.get("nodeName")) is not None:
        if node:
            chosen.append("`nodeName`")
            errors += _node_name(node, "spec.nodeName")
        else:
            errors.append(invalid("spec.nodeName", node, "must be either unset or set to a non-empty string"))
    if (selector := spec.get("nodeSelector")) is not None:
        chosen.append("`nodeSelector`")
        errors += validate_node_selector(selector, "spec.nodeSelector")
        terms = selector.get("nodeSelectorTerms")
        if len(terms or ()) != 1:
            shown = render("[]NodeSelectorTerm", terms)
            errors.append(
                invalid("spec.nodeSelector.nodeSelectorTerms", shown, "must have exactly one node selector term")
            )
    for name in ("allNodes", "perDeviceNodeSelection"):
        if spec.get(name):
            chosen.append(f"`{name}`")
        elif spec.get(name) is not None:
            errors.append(invalid(f"spec.{name}", False, _TRUE))
    if not chosen:
        errors.append(required("spec", _ONE_SELECTION))
    elif len(chosen) > 1:
        detail = f"{_ONE_SELECTION}, but multiple fields are set"
        errors.append(invalid("spec", f"{{{', '.join(chosen)}}}", detail))
    return errors


def _node_name(name: str, path: str) -> list[FieldError]:
    return [invalid(path, name, message) for message in name_is_dns_subdomain(name)]


def _validate_devices(spec: Object, before: Object) -> list[FieldError]:
    devices = spec.get("devices") or []
    advanced = any(device.get("taints") or device.get("consumesCounters") for device in devices)
    limit = DEVICES_WITH_TAINTS_OR_COUNTERS_MAX if advanced else DEVICES_MAX
    if len(devices) > limit:
        return [too_many("spec.devices", len(devices), limit)]
    known: dict[str, Object] = {}
    for device in before.get("devices") or ():
        known.setdefault(device.get("name") or "", device)
    by_device = bool(spec.get("perDeviceNodeSelection"))

    def judge(device: Object, path: str) -> list[FieldError]:
        return _validate_device(device, known.get(device.get("name") or ""), path, by_device=by_device)

    errors = each(devices, "spec.devices", judge)
    again = repeated(devices, lambda device: device.get("name") or "")
    return errors + [duplicate(f"spec.devices[{index}]", devices[index].get("name") or "") for index in again]


def _validate_device(device: Object, old: Object | None, path: str, *, by_device: bool) -> list[FieldError]:
    errors = device_label(device.get("name") or "", f"{path}.name")
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    total = len(attributes) + len(capacity)
    if total > ATTRIBUTES_AND_CAPACITIES_MAX:
        limit = ATTRIBUTES_AND_CAPACITIES_MAX
        errors.append(invalid(path, total, f"the total number of attributes and capacities must not exceed {limit}"))
    errors += _by_name(attributes, f"{path}.attributes", _validate_attribute)
    if old is None or old.get("capacity") != device.get("capacity"):
        shared = bool(device.get("allowMultipleAllocations"))
        errors += _by_name(
            capacity, f"{path}.capacity", lambda value, where: validate_capacity(value, where, shared=shared)
        )
    taints = device.get("taints") or []
    if old is None or old.get("taints") != device.get("taints"):
        if len(taints) > TAINTS_MAX:
            errors.append(too_many(f"{path}.taints", len(taints), TAINTS_MAX))
        else:
            errors += each(taints, f"{path}.taints", validate_taint)
    consumed = device.get("consumesCounters") or ()
    errors += each(consumed, f"{path}.consumesCounters", _validate_set, limit=CONSUMED_SETS_MAX)
    errors += _validate_device_selection(device, path, by_device=by_device)
    return errors + validate_binding_conditions(device, path)


def _by_name(values: Object, path: str, judge: Callable[[Object, str], list[FieldError]]) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in sorted(values):
        errors += attribute_name(name, path)
        errors += judge(values[name], f"{path}[{_shown(name)}]")
    return errors


def _shown(key: str) -> str:
    """Long keys without their middle."""
    if len(key) <= KEY_SHOWN_MAX:
        return key
    left = KEY_SHOWN_MAX - len("...")
    return f"{key[: (left + 1) // 2]}...{key[len(key) - left // 2 :]}"


def _validate_attribute(attribute: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if (text := attribute.get("string")) is not None and byte_length(text) > ATTRIBUTE_VALUE_BYTES_MAX:
        errors.append(too_long(f"{path}.string", ATTRIBUTE_VALUE_BYTES_MAX))
    if (version := attribute.get("version")) is not None:
        if not _SEMVER.fullmatch(version):
            detail = "must be a string compatible with semver.org spec 2.0.0"
            errors.append(invalid(f"{path}.version", version, detail))
        if byte_length(version) > ATTRIBUTE_VALUE_BYTES_MAX:
            errors.append(too_long(f"{path}.version", ATTRIBUTE_VALUE_BYTES_MAX))
    return errors


def _validate_set(value: Object, path: str) -> list[FieldError]:
    """Counters of a set, or those that a device takes of one."""
    counters = value.get("counters") or ()
    return [too_many(f"{path}.counters", len(counters), COUNTERS_MAX)] if len(counters) > COUNTERS_MAX else []


def _validate_device_selection(device: Object, path: str, *, by_device: bool) -> list[FieldError]:
    node, selector, everywhere = (device.get(name) for name in ("nodeName", "nodeSelector", "allNodes"))
    if not by_device:
        if node is None and selector is None and everywhere is None:
            return []
        detail = (
            "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in "
            "the ResourceSlice spec"
        )
        return [invalid(path, None, detail)]
    errors: list[FieldError] = []
    chosen = []
    if node:
        chosen.append("`nodeName`")
        errors += _node_name(node, f"{path}.nodeName")
    elif node is not None:
        errors.append(invalid(f"{path}.nodeName", node, "must not be empty"))
    if selector is not None:
        chosen.append("`nodeSelector`")
        errors += validate_node_selector(selector, f"{path}.nodeSelector")
    if everywhere:
        chosen.append("`allNodes`")
    elif everywhere is not None:
        errors.append(invalid(f"{path}.allNodes", False, _TRUE))
    if not chosen:
        errors.append(required(path, _ONE_DEVICE_SELECTION))
    elif len(chosen) > 1:
        errors.append(invalid(path, f"{{{', '.join(chosen)}}}", _ONE_DEVICE_SELECTION))
    return errors


# --- Declared rules ----------------------------------------------------------------------------------------------


def _declared_spec(spec: Object) -> list[FieldError]:
    errors = each(spec.get("devices") or (), "spec.devices", _declared_device)
    return errors + _declared_sets(
        spec.get("sharedCounters") or (), "spec.sharedCounters", "CounterSet", "name", COUNTER_SETS_MAX
    )


def _declared_device(device: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    attributes = device.get("attributes") or {}
    for name in sorted(attributes):
        errors += _declared_attribute(attributes[name], f"{path}.attributes[{name}]")
    errors += _declared_sets(
        device.get("consumesCounters") or (),
        f"{path}.consumesCounters",
        "DeviceCounterConsumption",
        "counterSet",
        CONSUMED_SETS_MAX,
    )
    errors += each(device.get("taints") or (), f"{path}.taints", declared_taint)
    return errors + declared_binding_conditions(device, path)


def _declared_attribute(attribute: Object, path: str) -> list[FieldError]:
    given = [name for name in _MEMBERS if attribute.get(name) is not None]
    names = ", ".join(f"`{name}`" for name in _MEMBERS)
    if not given:
        return [invalid(path, "", f"must specify one of: {names}")]
    if len(given) > 1:
        return [invalid(path, f"{{{', '.join(given)}}}", f"must specify exactly one of: {names}")]
    return []


def _declared_sets(sets: Sequence[Object], path: str, kind: str, name: str, limit: int) -> list[FieldError]:
    def judge(value: Object, where: str) -> list[FieldError]:
        counters = value.get("counters") or {}
        label = value.get(name) or ""
        errors = declared_label(label, f"{where}.{name}") if label else [required(f"{where}.{name}")]
        if not counters:
            errors.append(required(f"{where}.counters"))
        return errors + [error for key in sorted(counters) for error in declared_label(key, f"{where}.counters")]

    return declared_list(sets, path, limit=limit, kind=kind, key=lambda value: value.get(name) or "", judge=judge)
