"""PersistentVolumeClaim: a user's request for storage.

Invariants: the spec is immutable, but that a claim is bound to a volume once, and that a bound claim may ask for more
storage (less only down to what it has) and for another class of attributes; dataSource and dataSourceRef say the same.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.claim_spec import validate_claim_spec
from steersman.api.core.go_types import difference, semantic_equal
from steersman.api.core.persistent_volume import (
    CLASS_ANNOTATION,
    access_modes_text,
    attributes_class_cell,
    class_text,
    mode_cell,
    phase_text,
)
from steersman.api.core.podspec.defaults import default_claim_spec, round_up
from steersman.api.core.podspec.validation.common import each
from steersman.api.core.podspec.validation.resources import is_native, validate_amount
from steersman.api.core.podspec.warnings import claim_spec_warnings
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import condition_reason, qualified_name
from steersman.api.meta.object_meta import IMMUTABLE, immutable
from steersman.api.meta.quantity import Quantity, parse
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

_SOURCES = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
"""What dataSource may name; anything else is ignored there, as it was before there was dataSourceRef (KEP-1495)."""
_RESIZE_STATUSES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip
_SPEC_IMMUTABLE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


# -- strategy


def _default(obj: Object) -> None:
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    default_claim_spec(obj.setdefault("spec", {}))
    for name in ("capacity", "allocatedResources"):
        round_up(status.get(name))


def _prepare_create(obj: Object, _ctx: Context) -> None:
    obj["status"] = {"phase": "Pending"}
    _prepare_sources(obj["spec"], {})


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    _prepare_sources(new["spec"], old.get("spec") or {})


def _prepare_sources(spec: Object, before: Object) -> None:
    reference, was = spec.get("dataSourceRef"), before.get("dataSourceRef")
    if reference is not None and reference.get("namespace") and was is None:
        # Sources in other namespaces are off.
        del spec["dataSourceRef"]
        reference = None
    had_none = was is None and before.get("dataSource") is None
    if had_none and reference is None and not _is_old_source(spec.get("dataSource")):
        spec.pop("dataSource", None)
    _equal_sources(spec)


def _is_old_source(source: Object | None) -> bool:
    return source is not None and (source.get("apiGroup") or "", source.get("kind")) in _SOURCES


def _equal_sources(spec: Object) -> None:
    """Whichever of dataSource and dataSourceRef is left out follows the other."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {name: value for name, value in reference.items() if name != "namespace"}


def _prepare_status(new: Object, old: Object, _ctx: Context) -> None:
    """The health of volumes is not watched: it stays only where it is stored."""
    if at(old, "status", "healthStatus") is None:
        new.setdefault("status", {}).pop("healthStatus", None)


def _warnings(obj: Object, _old: Object | None) -> list[str]:
    found = []
    if CLASS_ANNOTATION in (obj["metadata"].get("annotations") or {}):
        text = 'deprecated since v1.8; use "storageClassName" attribute instead'
        found.append(f"metadata.annotations[{CLASS_ANNOTATION}]: {text}")
    return [*found, *claim_spec_warnings(obj.get("spec") or {}, "spec")]


# -- validation


def _validate(obj: Object) -> list[FieldError]:
    return validate_claim_spec(obj.get("spec") or {}, "spec")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new["spec"], dict(old.get("spec") or {})
    _equal_sources(before)
    errors = validate_claim_spec(
        spec,
        "spec",
        allow_invalid_selector=bool(validate_selector(before.get("selector"), "")),
        allow_invalid_api_group=any(
            (before.get(name) or {}).get("apiGroup") is not None for name in ("dataSource", "dataSourceRef")
        ),
    )
    judged, judged_before, class_errors = _without_allowed_changes(new, old, before)
    errors += class_errors
    if not semantic_equal("PersistentVolumeClaimSpec", judged, judged_before):
        diff = difference("PersistentVolumeClaimSpec", judged_before, judged)
        errors.append(forbidden("spec", f"{_SPEC_IMMUTABLE}\n{diff}"))
    size, size_before = _requested(spec), _requested(before)
    if size < size_before and size <= parse(at(old, "status", "capacity", "storage", default="0")):
        detail = "field can not be less than status.capacity"
        errors.append(forbidden("spec.resources.requests.storage", detail))
    errors += immutable(spec.get("volumeMode"), before.get("volumeMode"), "volumeMode")
    return errors + _validate_attributes_class(spec, before, old)


def _requested(spec: Object) -> Quantity:
    return parse(at(spec, "resources", "requests", "storage", default="0"))


def _without_allowed_changes(new: Object, old: Object, before: Object) -> tuple[Object, Object, list[FieldError]]:
    """The specs as they would be without what may change, and errors about the annotation of old times."""
    judged, judged_before = dict(new["spec"]), dict(before)
    errors: list[FieldError] = []
    if not before.get("volumeName"):
        judged_before["volumeName"] = judged.get("volumeName")
    annotations = new["metadata"].get("annotations") or {}
    annotations_before = old["metadata"].get("annotations") or {}
    name, name_before = judged.get("storageClassName"), before.get("storageClassName")
    noted, noted_before = annotations.get(CLASS_ANNOTATION), annotations_before.get(CLASS_ANNOTATION)
    moved = noted_before is not None and name_before is None and name == noted_before and noted in (None, name)
    if moved:
        judged.pop("storageClassName")
    else:
        if (noted or "") != (noted_before or ""):
            errors.append(invalid(f"metadata.annotations.{CLASS_ANNOTATION}", noted or "", IMMUTABLE))
        if name is not None and name_before is None and noted_before in (None, name):
            judged.pop("storageClassName")
    if at(new, "status", "phase") == "Bound":
        resources = judged.get("resources") or {}
        if resources.get("requests") is not None:
            storage = at(before, "resources", "requests", "storage", default="0")
            judged["resources"] = resources | {"requests": resources["requests"] | {"storage": storage}}
        judged["volumeAttributesClassName"] = before.get("volumeAttributesClassName")
    return judged, judged_before, errors


def _validate_attributes_class(spec: Object, before: Object, old: Object) -> list[FieldError]:
    """Once a class is applied there is one."""
    name = spec.get("volumeAttributesClassName")
    if name == before.get("volumeAttributesClassName") or name:
        return []
    if at(old, "status", "currentVolumeAttributesClassName") is None:
        return []
    what = "nil" if name is None else "empty string"
    detail = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    return [forbidden("spec.volumeAttributesClassName", detail)]


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = [] if at(new, "spec", "accessModes") else [required("Spec.accessModes")]
    for name, text in sorted((status.get("capacity") or {}).items()):
        errors += _validate_basic(text, f"status.capacity[{name}]")
    for index, condition in enumerate(at(status, "healthStatus", "healthConditions", default=())):
        if reason := condition.get("reason"):
            errors += each(f"status.healthStatus.healthConditions[{index}].reason", reason, condition_reason(reason))
    path = "status.allocatedResourceStatuses"
    for name, state in sorted((status.get("allocatedResourceStatuses") or {}).items()):
        errors += _validate_resource_key(name, path)
        if state not in _RESIZE_STATUSES:
            errors.append(not_supported(path, name, _RESIZE_STATUSES))
    path = "status.allocatedResources"
    for name, text in sorted((status.get("allocatedResources") or {}).items()):
        errors += (
            _validate_resource_key(name, path)
            or _validate_basic(text, f"{path}[{name}]")
            or validate_amount("storage", text, f"{path}[{name}]")
        )
    return errors


def _validate_basic(text: str, path: str) -> list[FieldError]:
    value = parse(text).value()
    return [invalid(path, value, "must be a valid resource quantity")] if value < 0 else []


def _validate_resource_key(name: str, path: str) -> list[FieldError]:
    if messages := qualified_name(name):
        return each(path, name, messages)
    return [not_supported(path, name, ("storage",))] if is_native(name) and name != "storage" else []


# -- columns


def _capacity(obj: Object, _now: datetime) -> str:
    if not at(obj, "spec", "volumeName"):
        return ""
    return str(at(obj, "status", "capacity", "storage", default="0"))


def _access_modes(obj: Object, _now: datetime) -> str:
    return access_modes_text(at(obj, "status", "accessModes")) if at(obj, "spec", "volumeName") else ""


PERSISTENT_VOLUME_CLAIMS = Resource(
    group="",
    version="v1",
    kind="PersistentVolumeClaim",
    plural="persistentvolumeclaims",
    singular="persistentvolumeclaim",
    short_names=("pvc",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.PersistentVolumeClaim"),
    subresources=(
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=status_view(_validate_status, prepare=_prepare_status),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_status=True,
        reset_fields=(("status",),),
        delete_returns_object=True,
    ),
    columns=(
        Column("Status", "string", lambda obj, _now: phase_text(obj)),
        Column("Volume", "string", lambda obj, _now: at(obj, "spec", "volumeName", default="")),
        Column("Capacity", "string", _capacity),
        Column("Access Modes", "string", _access_modes),
        Column("StorageClass", "string", lambda obj, _now: class_text(obj)),
        Column("VolumeAttributesClass", "string", attributes_class_cell),
        AGE,
        Column("VolumeMode", "string", mode_cell, priority=1),
    ),
)
