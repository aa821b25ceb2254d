"""ReplicaSet: keeps a number of pods running.

Invariants: the selector never changes and matches the template. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.core.workload import (
    check_always_restarts,
    check_counters,
    check_matches,
    check_replica_counts,
    check_selector,
    compiled,
    container_columns,
    name_warnings,
    number,
    prepare_template_create,
    prepare_template_update,
    selector_cell,
    shown_selector,
    template_of,
)
from steersman.api.errors import FieldError, invalid
from steersman.api.meta.object_meta import IMMUTABLE
from steersman.api.resource import Column, Resource, Scale, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_COUNTERS = (
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
    "terminatingReplicas",
)


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    default_template(spec.get("template"))


def _validate_spec(obj: Object, old: Object | None) -> list[FieldError]:
    spec, template = obj.get("spec") or {}, template_of(obj)
    errors = check_counters(spec, "spec", ("replicas", "minReadySeconds"))
    # Upstream's message names the wrong kind, and clients have seen it so for years.
    errors += check_selector(spec.get("selector"), "spec.selector", "deployment")
    selector = compiled(spec.get("selector"))
    if selector is None:
        errors.append(invalid("spec.selector", shown_selector(spec.get("selector")), "invalid label selector"))
        return errors
    if not selector.everything:
        errors += check_matches(selector, template, "spec.template")
    errors += validate_template(template, "spec.template", options_for(old and template_of(old)))
    return errors + check_always_restarts(template, "spec.template", "ReplicaSet")


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, None)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate_spec(new, old)
    selector = at(new, "spec", "selector")
    if selector != at(old, "spec", "selector"):
        errors.append(invalid("spec.selector", shown_selector(selector), IMMUTABLE))
    return errors


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = check_counters(status, "status", _COUNTERS)
    return errors + check_replica_counts(status, ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))


def _warnings(new: Object, old: Object | None) -> list[str]:
    if old is None:
        return name_warnings(new) + template_warnings(template_of(new), "spec.template")
    if new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return template_warnings(template_of(new), "spec.template")


def _selector(obj: Object) -> str:
    return selector_cell(at(obj, "spec", "selector"))


REPLICA_SETS = Resource(
    group="apps",
    version="v1",
    kind="ReplicaSet",
    plural="replicasets",
    singular="replicaset",
    short_names=("rs",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.ReplicaSet"),
    subresources=(
        Subresource(
            name="scale",
            verbs=("get", "patch", "update"),
            group="autoscaling",
            version="v1",
            kind="Scale",
            scale=Scale(),
        ),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=prepare_template_create("replicas"),
        prepare_update=prepare_template_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Desired", "integer", number("spec", "replicas")),
        Column("Current", "integer", number("status", "replicas")),
        Column("Ready", "integer", number("status", "readyReplicas")),
        AGE,
        *container_columns(_selector),
    ),
)
