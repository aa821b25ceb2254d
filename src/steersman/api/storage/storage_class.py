"""StorageClass: how volumes of a class are provisioned.

Invariants: provisioner, parameters, reclaim policy and binding mode never change. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.core.podspec.warnings import DEPRECATED_NODE_LABELS
from steersman.api.errors import NULL, FieldError, duplicate, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_label_name
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema
from steersman.api.storage.rules import validate_driver_name, validate_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

_RECLAIM_POLICIES = ("Delete", "Retain")
_BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
_DEFAULT_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def _default(obj: Object) -> None:
    for name, value in (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")):
        if obj.get(name) is None:
            obj[name] = value


def _validate_class(obj: Object) -> list[FieldError]:
    """The rules in code; those declared at the type are told last."""
    errors = validate_driver_name(obj.get("provisioner") or "", "provisioner")
    errors += validate_parameters(obj.get("parameters"), "parameters", allow_empty=True)
    policy, mode = obj.get("reclaimPolicy"), obj.get("volumeBindingMode")
    if policy and policy not in _RECLAIM_POLICIES:
        errors.append(not_supported("reclaimPolicy", policy, _RECLAIM_POLICIES))
    if mode not in _BINDING_MODES:
        errors.append(not_supported("volumeBindingMode", mode, _BINDING_MODES))
    return errors + _validate_topologies(obj.get("allowedTopologies") or [])


def _validate(obj: Object) -> list[FieldError]:
    return _validate_class(obj) + ([] if obj.get("provisioner") else [required("provisioner")])


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate_class(new)
    for name in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        if (new.get(name) or None) == (old.get(name) or None):
            continue
        if name == "provisioner" and not new.get(name):
            errors.append(required(name))
        errors.append(invalid(name, NULL, IMMUTABLE))
    return errors


def _validate_topologies(topologies: list[Object]) -> list[FieldError]:
    """Upstream compares with as many empty terms as there are: an empty one is always double."""
    errors: list[FieldError] = []
    seen: list[dict[str, set[str]]] = [{}]
    for index, term in enumerate(topologies):
        path = f"allowedTopologies[{index}].matchLabelExpressions"
        values: dict[str, set[str]] = {}
        for number, expression in enumerate(term.get("matchLabelExpressions") or ()):
            key = expression.get("key") or ""
            errors += _validate_topology(expression, f"{path}[{number}]")
            if key in values:
                errors.append(duplicate(f"{path}[{number}].key", key))
            values[key] = set(expression.get("values") or ())
        if values in seen:
            errors.append(duplicate(path, ""))
        seen.append(values)
    return errors


def _validate_topology(expression: Object, path: str) -> list[FieldError]:
    values = expression.get("values") or []
    errors = [] if values else [required(f"{path}.values")]
    errors += [duplicate(f"{path}.values[{i}]", value) for i, value in enumerate(values) if value in values[:i]]
    return errors + validate_label_name(expression.get("key") or "", f"{path}.key")


def _warnings(obj: Object, _old: Object | None) -> list[str]:
    return [
        f"allowedTopologies[{i}].matchLabelExpressions[{j}].key: {DEPRECATED_NODE_LABELS[expression['key']]}"
        for i, term in enumerate(obj.get("allowedTopologies") or ())
        for j, expression in enumerate(term.get("matchLabelExpressions") or ())
        if expression.get("key") in DEPRECATED_NODE_LABELS
    ]


def effective_default(classes: Iterable[Object]) -> str:
    """The name of the class that claims get which name none: the newest of those marked, of two the first by name."""
    marked = [
        obj["metadata"]
        for obj in classes
        if any((obj["metadata"].get("annotations") or {}).get(name) == "true" for name in _DEFAULT_ANNOTATIONS)
    ]
    if not marked:
        return ""
    newest = max(metadata.get("creationTimestamp") or "" for metadata in marked)
    return str(min(metadata["name"] for metadata in marked if (metadata.get("creationTimestamp") or "") == newest))


STORAGE_CLASSES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="StorageClass",
    plural="storageclasses",
    singular="storageclass",
    short_names=("sc",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.storage.v1.StorageClass"),
    strategy=Strategy(
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        delete_returns_object=True,
    ),
    listed_default=effective_default,
    columns=(
        Column("Provisioner", "string", lambda obj, _now: obj.get("provisioner") or ""),
        Column("ReclaimPolicy", "string", lambda obj, _now: obj["reclaimPolicy"]),
        Column("VolumeBindingMode", "string", lambda obj, _now: obj["volumeBindingMode"]),
        Column("AllowVolumeExpansion", "string", lambda obj, _now: bool(obj.get("allowVolumeExpansion"))),
        AGE,
    ),
)
