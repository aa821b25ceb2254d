"""CSINode: the CSI drivers that are installed on a node.

Invariants: what a driver says about the node never changes, but the number of volumes that it can attach.
Upstream differences: the health of storage in the status (alpha, off) cannot be turned on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.claim_spec import ACCESS_MODES, VOLUME_MODES
from steersman.api.core.go_types import render, semantic_equal
from steersman.api.core.podspec.validation.common import each, qualified
from steersman.api.core.podspec.validation.volumes import validate_csi_driver_name
from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required, too_long, too_many
from steersman.api.meta.names import byte_length, condition_reason
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

NODE_ID_BYTES_MAX = 256
CONDITIONS_MAX = 16
REASON_BYTES_MAX = 256
MESSAGE_BYTES_MAX = 1024
_HEALTH = ("StorageDegraded", "StorageUnreachable")


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {}


def _prepare_status(new: Object, old: Object, _ctx: Context) -> None:
    """The health of storage is not watched: it stays only where it is stored."""
    if not at(old, "status", "storageHealth"):
        new.setdefault("status", {}).pop("storageHealth", None)


def _drivers(obj: Object) -> list[Object]:
    drivers: list[Object] = at(obj, "spec", "drivers", default=[])
    return drivers


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, driver in enumerate(_drivers(obj)):
        path, name = f"spec.drivers[{index}]", driver.get("name") or ""
        errors += validate_csi_driver_name(name, f"{path}.name")
        errors += _validate_node_id(driver.get("nodeID") or "", f"{path}.nodeID")
        count = at(driver, "allocatable", "count")
        if count is not None:
            errors += nonnegative(count, f"{path}.allocatable.count")
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        errors += _validate_topology_keys(driver.get("topologyKeys") or [], path)
    return errors


def _validate_node_id(identifier: str, path: str) -> list[FieldError]:
    if not identifier:
        return [required(path)]
    if byte_length(identifier) > NODE_ID_BYTES_MAX:
        return [invalid(path, identifier, f"must be {NODE_ID_BYTES_MAX} characters or less")]
    return []


def _validate_topology_keys(keys: list[str], path: str) -> list[FieldError]:
    """Upstream names the driver only."""
    errors: list[FieldError] = []
    for index, key in enumerate(keys):
        if not key:
            errors.append(required(path))
        if key in keys[:index]:
            errors.append(duplicate(path, key))
        errors += qualified(key, path)
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate(new)
    for before in _drivers(old):
        for driver in _drivers(new):
            if driver.get("name") != before.get("name"):
                continue
            kept, kept_before = (
                {name: value for name, value in each_driver.items() if name != "allocatable"}
                for each_driver in (driver, before)
            )
            if not semantic_equal("CSINodeDriver", kept, kept_before):
                errors.append(invalid("spec.drivers", render("CSINodeDriver", kept), IMMUTABLE))
    return errors


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for index, health in enumerate(at(new, "status", "storageHealth", default=())):
        path, name = f"status.storageHealth[{index}]", health.get("name") or ""
        if name in names:
            errors.append(duplicate(path, name))
        names.add(name)
        errors += validate_csi_driver_name(name, f"{path}.name")
        conditions = health.get("healthConditions") or []
        if len(conditions) > CONDITIONS_MAX:
            errors.append(too_many(f"{path}.healthConditions", len(conditions), CONDITIONS_MAX))
            continue
        for number, condition in enumerate(conditions):
            errors += _validate_health(condition, f"{path}.healthConditions[{number}]")
    return errors


def _validate_health(condition: Object, path: str) -> list[FieldError]:
    status, reason = condition.get("status") or "", condition.get("reason") or ""
    errors = [] if status in _HEALTH else [not_supported(f"{path}.status", status, _HEALTH)]
    errors += each(f"{path}.reason", reason, condition_reason(reason)) if reason else [required(f"{path}.reason")]
    if byte_length(reason) > REASON_BYTES_MAX:
        errors.append(too_long(f"{path}.reason", REASON_BYTES_MAX))
    if byte_length(condition.get("message") or "") > MESSAGE_BYTES_MAX:
        errors.append(too_long(f"{path}.message", MESSAGE_BYTES_MAX))
    for name, supported in (("accessMode", ACCESS_MODES), ("volumeMode", VOLUME_MODES[::-1])):
        value = condition.get(name)
        if value is not None and value not in supported:
            errors.append(not_supported(f"{path}.{name}", value, supported))
    return errors


def _count(obj: Object, _now: datetime) -> int:
    return len(_drivers(obj))


CSI_NODES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSINode",
    plural="csinodes",
    singular="csinode",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.CSINode"),
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(_validate_status, prepare=_prepare_status, keep_metadata=True),
        ),
    ),
    strategy=Strategy(
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        has_status=True,
        reset_fields=(("status",),),
        allow_unconditional_update=False,
        delete_returns_object=True,
    ),
    columns=(Column("Drivers", "integer", _count), AGE),
)
