"""ReplicaSet: keeps a number of pods running.

Invariants: the selector never changes and matches the template. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.workload import (
    check_always_restarts,
    check_counters,
    check_matches,
    check_replica_counts,
    check_selector,
    check_selector_stays,
    compiled,
    container_columns,
    number,
    prepare_template_create,
    prepare_template_update,
    replicas_warnings,
    scale_subresource,
    selector_of,
    shown_selector,
    template_of,
)
from steersman.api.errors import FieldError, invalid
from steersman.api.resource import Column, Resource, Scope, Strategy, Subresource
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
    return _validate_spec(new, old) + check_selector_stays(new, old)


def _validate_status(new: Object, _old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = check_counters(status, "status", _COUNTERS)
    return errors + check_replica_counts(status, ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"))


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
        scale_subresource(),
        Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=prepare_template_create("replicas"),
        prepare_update=prepare_template_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=replicas_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    columns=(
        Column("Desired", "integer", number("spec", "replicas")),
        Column("Current", "integer", number("status", "replicas")),
        Column("Ready", "integer", number("status", "readyReplicas")),
        AGE,
        *container_columns(selector_of),
    ),
)
