"""Deployment: declarative updates of ReplicaSets.

Invariants: the selector never changes and matches the template; annotations count as desired state (they are copied to
ReplicaSets), so they raise the generation. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.apps.rolling import amount_value, check_amount, check_at_most_all, shown_strategy
from steersman.api.columns import AGE, at
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.workload import (
    check_always_restarts,
    check_collisions,
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
    ready_of_replicas,
    replicas_warnings,
    scale_subresource,
    shown_selector,
    template_of,
)
from steersman.api.errors import BadRequest, FieldError, forbidden, go_quote, invalid, not_supported, required
from steersman.api.meta.labels import parse_int64
from steersman.api.meta.object_meta import nonnegative
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

ROLLBACK_TO = "deprecated.deployment.rollback.to"
"""Annotation in which apps/v1 carries what older versions had as spec.rollbackTo."""
_COUNTERS = (
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
)


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    default_template(spec.get("template"))
    _normalize_rollback(obj["metadata"])


def _normalize_rollback(metadata: Object) -> None:
    """Raises BadRequest: upstream cannot even decode an object whose annotation is no number."""
    annotations = metadata.get("annotations") or {}
    text = annotations.get(ROLLBACK_TO)
    if text is None:
        return
    revision = parse_int64(text)
    if text and revision is None:
        raise BadRequest(
            f'Deployment in version "v1" cannot be handled as a Deployment: failed to parse annotation[{ROLLBACK_TO}]='
            f"{text} as int64: strconv.ParseInt: parsing {go_quote(text)}: invalid syntax"
        )
    if text:
        annotations[ROLLBACK_TO] = str(revision)
    else:
        del annotations[ROLLBACK_TO]
        if not annotations:
            del metadata["annotations"]


def _prepare_update(new: Object, old: Object, ctx: Context) -> None:
    prepare_template_update(new, old, ctx)
    if (at(new, "metadata", "annotations") or {}) != (at(old, "metadata", "annotations") or {}):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _validate_spec(obj: Object, old: Object | None) -> list[FieldError]:
    spec, template = obj.get("spec") or {}, template_of(obj)
    errors = check_counters(spec, "spec", ("replicas",))
    errors += check_selector(spec.get("selector"), "spec.selector", "deployment")
    selector = compiled(spec.get("selector"))
    if selector is None:
        errors.append(invalid("spec.selector", shown_selector(spec.get("selector")), "invalid label selector"))
    else:
        if not selector.everything:
            errors += check_matches(selector, template, "spec.template")
        errors += validate_template(template, "spec.template", options_for(old and template_of(old)))
        errors += check_always_restarts(template, "spec.template", "ReplicaSet")
    errors += _validate_strategy(spec.get("strategy") or {}, "spec.strategy")
    errors += check_counters(spec, "spec", ("minReadySeconds", "revisionHistoryLimit"))
    if rollback := parse_int64(at(obj, "metadata", "annotations", ROLLBACK_TO, default="0")):
        errors += nonnegative(rollback, "spec.rollback.version")
    deadline_s = spec.get("progressDeadlineSeconds")
    if deadline_s is not None:
        errors += nonnegative(deadline_s, "spec.progressDeadlineSeconds")
        if deadline_s <= (spec.get("minReadySeconds") or 0):
            errors.append(invalid("spec.progressDeadlineSeconds", deadline_s, "must be greater than minReadySeconds"))
    return errors


def _validate_strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is None:
            return []
        return [forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
    if kind != "RollingUpdate":
        return [not_supported(path, shown_strategy(strategy), ("Recreate", "RollingUpdate"))]
    path = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(path, "this should be defaulted and never be nil")]
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    errors = check_amount(unavailable, f"{path}.maxUnavailable") + check_amount(surge, f"{path}.maxSurge")
    if amount_value(unavailable) == 0 and amount_value(surge) == 0:
        errors.append(invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return errors + check_at_most_all(unavailable, f"{path}.maxUnavailable")


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, None)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new, old) + check_selector_stays(new, old)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = check_counters(status, "status", _COUNTERS)
    errors += check_replica_counts(status, ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return errors + check_collisions(new, old)


def _selector(obj: Object) -> str:
    selector = compiled(at(obj, "spec", "selector"))
    return "<invalid>" if selector is None else str(selector)


DEPLOYMENTS = Resource(
    group="apps",
    version="v1",
    kind="Deployment",
    plural="deployments",
    singular="deployment",
    short_names=("deploy",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.Deployment"),
    subresources=(
        scale_subresource(),
        Subresource(
            name="status",
            verbs=("get", "patch", "update"),
            update=replace(
                status_view(_validate_status, keep_labels=True), reset_fields=(("spec",), ("metadata", "labels"))
            ),
        ),
    ),
    strategy=Strategy(
        default=_default,
        prepare_create=prepare_template_create(),
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=replicas_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    hidden_annotations=(ROLLBACK_TO,),
    columns=(
        Column("Ready", "string", ready_of_replicas),
        Column("Up-to-date", "string", number("status", "updatedReplicas")),
        Column("Available", "string", number("status", "availableReplicas")),
        AGE,
        *container_columns(_selector),
    ),
)
