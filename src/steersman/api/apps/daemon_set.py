"""DaemonSet: a pod on every node that matches.

Invariants: the selector never changes and matches the template; the template generation (an annotation, as apps/v1 has
no field for it) counts the changes of the template. Upstream differences: none known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.apps.rolling import amount_value, check_amount, check_at_most_all, shown_strategy
from steersman.api.columns import AGE, at, labels_text
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.validation.options import Options, options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.core.workload import (
    check_always_restarts,
    check_collisions,
    check_counters,
    check_matches,
    compiled,
    container_columns,
    number,
    prepare_template_create,
    prepare_template_update,
    selector_of,
    shown_selector,
    template_of,
)
from steersman.api.errors import BadRequest, FieldError, go_quote, invalid, not_supported, required
from steersman.api.meta.label_selector import has_invalid_values, is_empty, validate_selector
from steersman.api.meta.labels import parse_int64
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_COUNTERS = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
)


def _default(obj: Object) -> None:
    """Raises BadRequest: upstream cannot even decode an object whose template generation is no number."""
    spec = obj.setdefault("spec", {})
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    default_template(spec.get("template"))
    text = at(obj, "metadata", "annotations", TEMPLATE_GENERATION, default="0")
    generation = parse_int64(text)
    if generation is None:
        raise BadRequest(
            'DaemonSet in version "v1" cannot be handled as a DaemonSet: '
            f"strconv.ParseInt: parsing {go_quote(text)}: invalid syntax"
        )
    _set_template_generation(obj, generation)


def _template_generation(obj: Object) -> int:
    return parse_int64(at(obj, "metadata", "annotations", TEMPLATE_GENERATION, default="0")) or 0


def _set_template_generation(obj: Object, generation: int) -> None:
    metadata = obj["metadata"]
    metadata["annotations"] = (metadata.get("annotations") or {}) | {TEMPLATE_GENERATION: str(generation)}


_prepare_template = prepare_template_create(
    "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"
)


def _prepare_create(obj: Object, ctx: Context) -> None:
    _prepare_template(obj, ctx)
    _set_template_generation(obj, max(1, _template_generation(obj)))


def _prepare_update(new: Object, old: Object, ctx: Context) -> None:
    prepare_template_update(new, old, ctx)
    changed = template_of(new) != template_of(old)
    _set_template_generation(new, _template_generation(old) + (1 if changed else 0))


def _validate_spec(obj: Object, options: Options) -> list[FieldError]:
    spec, template = obj.get("spec") or {}, template_of(obj)
    wanted = spec.get("selector")
    allowed = options.allow_invalid_label_value_in_selector
    errors = validate_selector(wanted, "spec.selector", allow_invalid_values=allowed)
    selector = compiled(wanted)
    if selector is not None:
        errors += check_matches(selector, template, "spec.template")
    if wanted is not None and is_empty(wanted):
        errors.append(invalid("spec.selector", shown_selector(wanted), "empty selector is invalid for daemonset"))
    errors += validate_template(template, "spec.template", options)
    errors += check_always_restarts(template, "spec.template", "DaemonSet")
    errors += check_counters(spec, "spec", ("minReadySeconds",))
    errors += nonnegative(_template_generation(obj), "spec.templateGeneration")
    errors += _validate_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    return errors + check_counters(spec, "spec", ("revisionHistoryLimit",))


def _validate_strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [not_supported(path, shown_strategy(strategy), ("RollingUpdate", "OnDelete"))]
    path = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(path)]
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    errors: list[FieldError] = []
    for check in (check_amount, check_at_most_all):
        errors += check(unavailable, f"{path}.maxUnavailable") + check(surge, f"{path}.maxSurge")
    match amount_value(unavailable) != 0, amount_value(surge) != 0:
        case True, True:
            errors.append(invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
        case False, False:
            errors.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, options_for(None))


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    selector, before = at(new, "spec", "selector"), at(old, "spec", "selector")
    if selector != before:
        errors.append(invalid("spec.selector", shown_selector(selector), IMMUTABLE))
    options = options_for(template_of(old))
    if has_invalid_values(before):
        options = replace(options, allow_invalid_label_value_in_selector=True)
    return errors + _validate_spec(new, options)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    return check_counters(new.get("status") or {}, "status", _COUNTERS) + check_collisions(new, old)


def _warnings(new: Object, old: Object | None) -> list[str]:
    if old is None:
        return template_warnings(template_of(new), "spec.template")
    if _template_generation(new) == _template_generation(old):
        return []
    return template_warnings(template_of(new), "spec.template")


def _node_selector(obj: Object, _now: datetime) -> str:
    return labels_text(at(obj, "spec", "template", "spec", "nodeSelector"))


DAEMON_SETS = Resource(
    group="apps",
    version="v1",
    kind="DaemonSet",
    plural="daemonsets",
    singular="daemonset",
    short_names=("ds",),
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.apps.v1.DaemonSet"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(_validate_status)),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
    ),
    hidden_annotations=(TEMPLATE_GENERATION,),
    columns=(
        Column("Desired", "integer", number("status", "desiredNumberScheduled")),
        Column("Current", "integer", number("status", "currentNumberScheduled")),
        Column("Ready", "integer", number("status", "numberReady")),
        Column("Up-to-date", "integer", number("status", "updatedNumberScheduled")),
        Column("Available", "integer", number("status", "numberAvailable")),
        Column("Node Selector", "string", _node_selector),
        AGE,
        *container_columns(selector_of),
    ),
)
