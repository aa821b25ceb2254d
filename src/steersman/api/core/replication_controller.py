"""ReplicationController: keeps a number of pods running (the older ReplicaSet).

Invariants: the selector matches the template. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at, labels_text
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.core.workload import (
    check_always_restarts,
    check_counters,
    check_matches,
    check_replica_counts,
    container_columns,
    labels_of,
    name_warnings,
    number,
    prepare_template_create,
    prepare_template_update,
    scale_subresource,
    template_of,
)
from steersman.api.errors import FieldError, invalid, not_found, required
from steersman.api.meta.labels import selector_of_labels
from steersman.api.resource import Column, Resource, Scale, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_NON_CONVERTIBLE = "non-convertible.kubernetes.io"
_COUNTERS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    labels = labels_of(template_of(obj))
    if labels:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        if not obj["metadata"].get("labels"):
            obj["metadata"]["labels"] = dict(labels)
    default_template(spec.get("template"))


def _validate_spec(obj: Object, old: Object | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors: list[FieldError] = []
    if not spec.get("selector"):
        errors.append(required("spec.selector"))
    template = spec.get("template")
    if template is None:
        errors.append(required("spec.template"))
    else:
        selector = selector_of_labels(spec.get("selector"))
        errors += check_matches(selector, template, "spec.template")
        errors += validate_template(template, "spec.template", options_for(old and template_of(old)))
        errors += check_always_restarts(template, "spec.template", "ReplicationController")
    if spec.get("replicas") is None:
        errors.append(required("spec.replicas"))
    return errors + check_counters(spec, "spec", ("replicas", "minReadySeconds"))


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, None)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate_spec(new, old)
    selector, before = at(new, "spec", "selector"), at(old, "spec", "selector")
    for key, value in (old["metadata"].get("annotations") or {}).items():
        domain, slash, name = key.partition("/")
        if domain != _NON_CONVERTIBLE or not slash:
            continue
        if "selector" not in name:
            errors.append(not_found(name, value))
        elif selector != before:
            errors.append(invalid("spec.selector", selector, "cannot update non-convertible selector"))
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
    # Upstream hands over the old template here; warnings are about what was, until the next change.
    return template_warnings(template_of(old), "spec.template")


def _selector(obj: Object) -> str:
    return labels_text(at(obj, "spec", "selector"))


def _scale_selector(obj: Object) -> str:
    return str(selector_of_labels(at(obj, "spec", "selector")))


REPLICATION_CONTROLLERS = Resource(
    group="",
    version="v1",
    kind="ReplicationController",
    plural="replicationcontrollers",
    singular="replicationcontroller",
    short_names=("rc",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.core.v1.ReplicationController"),
    storage_prefix="controllers",
    subresources=(
        scale_subresource(Scale(selector=_scale_selector)),
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
        default_propagation_policy="Orphan",
    ),
    columns=(
        Column("Desired", "integer", number("spec", "replicas")),
        Column("Current", "integer", number("status", "replicas")),
        Column("Ready", "integer", number("status", "readyReplicas")),
        AGE,
        *container_columns(_selector),
    ),
    unknown_selector="field label not supported: {}",
    selectable=(("status.replicas", lambda obj: str(at(obj, "status", "replicas", default=0))),),
)
