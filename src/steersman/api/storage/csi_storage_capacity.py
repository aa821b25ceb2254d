"""CSIStorageCapacity: storage capacity that a driver reports for a class and a part of the cluster.

Invariants: topology and class never change. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.go_types import semantic_equal
from steersman.api.core.podspec.validation.common import subdomain
from steersman.api.core.podspec.warnings import DEPRECATED_NODE_LABELS
from steersman.api.core.workload import shown_selector
from steersman.api.errors import FieldError, invalid
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.object_meta import IMMUTABLE, immutable
from steersman.api.meta.quantity import parse
from steersman.api.resource import Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _validate_capacity(obj: Object, *, allow_invalid_values: bool) -> list[FieldError]:
    errors = validate_selector(obj.get("nodeTopology"), "nodeTopology", allow_invalid_values=allow_invalid_values)
    errors += subdomain(obj.get("storageClassName") or "", "storageClassName")
    amount = obj.get("capacity")
    if amount is not None and parse(amount).sign < 0:
        errors.append(invalid("capacity", amount, "must be greater than or equal to 0"))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    return _validate_capacity(obj, allow_invalid_values=False)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    topology, before = new.get("nodeTopology"), old.get("nodeTopology")
    errors = _validate_capacity(new, allow_invalid_values=bool(validate_selector(before, "")))
    if not semantic_equal("*LabelSelector", topology, before):
        errors.append(invalid("nodeTopology", shown_selector(topology), IMMUTABLE))
    return errors + immutable(new.get("storageClassName") or "", old.get("storageClassName") or "", "storageClassName")


def _warnings(obj: Object, _old: Object | None) -> list[str]:
    topology = obj.get("nodeTopology") or {}
    found = [
        f"nodeTopology.matchExpressions[{index}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
        for index, expression in enumerate(topology.get("matchExpressions") or ())
        if (key := expression.get("key") or "") in DEPRECATED_NODE_LABELS
    ]
    return found + [
        f"nodeTopology.matchLabels.{key}: {DEPRECATED_NODE_LABELS[key]}"
        for key in sorted(topology.get("matchLabels") or {})
        if key in DEPRECATED_NODE_LABELS
    ]


CSI_STORAGE_CAPACITIES = Resource(
    group="storage.k8s.io",
    version="v1",
    kind="CSIStorageCapacity",
    plural="csistoragecapacities",
    singular="csistoragecapacity",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.storage.v1.CSIStorageCapacity"),
    strategy=Strategy(
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        allow_unconditional_update=False,
    ),
)
