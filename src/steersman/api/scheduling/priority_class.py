"""PriorityClass: a named priority for pods.

Invariants: names that begin with `system-` belong to the two built-in classes; value and preemption policy never
change. That only one class is the global default is admission's (Priority). Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.errors import FieldError, forbidden, not_supported, required
from steersman.api.meta.object_meta import immutable
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

HIGHEST_USER_VALUE = 1_000_000_000
SYSTEM_CLASSES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_SYSTEM_PREFIX = "system-"
_POLICIES = ("Never", "PreemptLowerPriority")


def _default(obj: Object) -> None:
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    name, value = obj["metadata"].get("name", ""), obj.get("value", 0)
    if name.startswith(_SYSTEM_PREFIX):
        why = _system_problem(name, value, bool(obj.get("globalDefault")))
        if why:
            reserved = f"priority class names with '{_SYSTEM_PREFIX}' prefix are reserved for system use only."
            errors.append(forbidden("metadata.name", f"{reserved} error: {why}"))
    elif value > HIGHEST_USER_VALUE:
        errors.append(forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_USER_VALUE}"))
    if not obj["preemptionPolicy"]:
        errors.append(required("preemptionPolicy"))
    elif obj["preemptionPolicy"] not in _POLICIES:
        errors.append(not_supported("preemptionPolicy", obj["preemptionPolicy"], ("PreemptLowerPriority", "Never")))
    return errors


def _system_problem(name: str, value: int, is_default: bool) -> str:
    """Why a class is none of the built-in ones; empty if it is."""
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if value != SYSTEM_CLASSES[name]:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if is_default else ""


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if new.get("value", 0) != old.get("value", 0):
        errors.append(forbidden("value", "may not be changed in an update."))
    return errors + immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), "preemptionPolicy")


PRIORITY_CLASSES = Resource(
    group="scheduling.k8s.io",
    version="v1",
    kind="PriorityClass",
    plural="priorityclasses",
    singular="priorityclass",
    short_names=("pc",),
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.scheduling.v1.PriorityClass"),
    strategy=Strategy(
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        has_generation=True,
        generation_fields=(),
    ),
    columns=(
        Column("Value", "integer", lambda obj, _now: obj.get("value", 0)),
        Column("Global-Default", "boolean", lambda obj, _now: bool(obj.get("globalDefault"))),
        AGE,
        Column("PreemptionPolicy", "string", lambda obj, _now: obj["preemptionPolicy"]),
    ),
)
