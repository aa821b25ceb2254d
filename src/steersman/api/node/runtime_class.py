"""RuntimeClass: a container runtime configuration that pods select.

Invariants: the handler never changes; tolerations are unique. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import each
from steersman.api.core.podspec.validation.options import Options
from steersman.api.core.podspec.validation.resources import validate_requirements
from steersman.api.core.podspec.validation.scheduling import validate_tolerations
from steersman.api.core.podspec.warnings import DEPRECATED_NODE_LABELS
from steersman.api.errors import FieldError, duplicate, invalid, required
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import dns1123_label
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from steersman.api.meta.types import Object


def _validate_class(obj: Object) -> list[FieldError]:
    """The rules in code; those declared at the type, all about the handler, are told last."""
    errors: list[FieldError] = []
    if (overhead := obj.get("overhead")) is not None:
        errors += validate_requirements({"limits": overhead.get("podFixed")}, (), "overhead", Options())
    if (scheduling := obj.get("scheduling")) is not None:
        errors += validate_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector")
        errors += _validate_tolerations(scheduling.get("tolerations") or [], "scheduling.tolerations")
    return errors


def _validate_tolerations(tolerations: list[Object], path: str) -> list[FieldError]:
    errors = validate_tolerations(tolerations, path, Options())
    seen: set[tuple[str, ...]] = set()
    for index, toleration in enumerate(tolerations):
        key = tuple(toleration.get(name) or "" for name in ("key", "operator", "value", "effect"))
        if key in seen:
            errors.append(duplicate(f"{path}[{index}]", render("Toleration", toleration)))
        seen.add(key)
    return errors


def _validate(obj: Object) -> list[FieldError]:
    handler = obj.get("handler") or ""
    if not handler:
        return [*_validate_class(obj), required("handler")]
    return _validate_class(obj) + each("handler", handler, dns1123_label(handler, unit="bytes"))


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    """Declared rules look at a changed handler only, and no further than that it has changed."""
    handler, errors = new.get("handler") or "", _validate_class(new)
    if handler == (old.get("handler") or ""):
        return errors
    if not handler:
        return [*errors, invalid("handler", None, IMMUTABLE), required("handler")]
    return [*each("handler", handler, dns1123_label(handler)), *errors, invalid("handler", None, IMMUTABLE)]


def _warnings(obj: Object, _old: Object | None) -> list[str]:
    selector = at(obj, "scheduling", "nodeSelector", default={})
    return [
        f"scheduling.nodeSelector: {DEPRECATED_NODE_LABELS[key]}"
        for key in sorted(selector)
        if key in DEPRECATED_NODE_LABELS
    ]


RUNTIME_CLASSES = Resource(
    group="node.k8s.io",
    version="v1",
    kind="RuntimeClass",
    plural="runtimeclasses",
    singular="runtimeclass",
    scope=Scope.CLUSTER,
    schema=schema("io.k8s.api.node.v1.RuntimeClass"),
    strategy=Strategy(
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        allow_create_on_update=True,
        allow_unconditional_update=False,
    ),
    columns=(Column("Handler", "string", lambda obj, _now: obj.get("handler") or ""), AGE),
)
