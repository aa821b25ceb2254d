"""What may be wrong with the spec of a Job, alone or in a CronJob, in upstream's order and words
(pkg/apis/batch/validation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.batch.indexes import count_indexes
from steersman.api.columns import at
from steersman.api.core.go_types import render, semantic_equal
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.workload import check_counters, check_matches, compiled, shown_selector, valid_values
from steersman.api.errors import (
    OMIT,
    FieldError,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from steersman.api.meta.domains import domain_prefixed_path
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import byte_length, dns1123_label, qualified_name
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative

if TYPE_CHECKING:
    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
PARALLELISM_MAX = 100_000
FAILED_INDEXES_MAX = 100_000
COMPLETIONS_SOFT_MAX = 100_000
PARALLELISM_MAX_OF_MANY = 10_000
FAILED_INDEXES_MAX_OF_MANY = 10_000
RULES_MAX = 20
PATTERNS_MAX = 20
EXIT_CODES_MAX = 255
MANAGED_BY_BYTES_MAX = 63
SUCCEEDED_INDEXES_BYTES_MAX = 64 * 1024
_COUNTERS = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")
_MANY = f"when completions are above {COMPLETIONS_SOFT_MAX} and used with backoff limit per index"


def validate_job_spec(spec: Object, path: str, options: Options) -> list[FieldError]:
    """The spec of a Job; in a CronJob the selector has other rules: `validate_spec_without_selector`."""
    errors = validate_spec_without_selector(spec, path, options)
    selector = spec.get("selector")
    if selector is None:
        errors.append(required(f"{path}.selector"))
    else:
        allowed = options.allow_invalid_label_value_in_selector
        errors += validate_selector(selector, f"{path}.selector", allow_invalid_values=allowed)
    chosen = compiled(selector)
    if chosen is not None:
        errors += check_matches(chosen, spec.get("template") or {}, f"{path}.template")
    return errors


def validate_completion_name(obj: Object) -> list[FieldError]:
    """Pods of an indexed Job are named after it and their index: the longest must be a host name."""
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name") or ""
    completions = spec.get("completions") or 0
    if spec.get("completionMode") != INDEXED or completions <= 0:
        return []
    longest = f"{name}-{completions - 1}"
    if dns1123_label(longest):
        return [invalid("metadata.name", name, f"will not able to create pod with invalid DNS label: {longest}")]
    return []


def validate_spec_without_selector(spec: Object, path: str, options: Options) -> list[FieldError]:
    errors = check_counters(spec, path, _COUNTERS)
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.append(required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if (manager := spec.get("managedBy")) is not None:
        errors += domain_prefixed_path(f"{path}.managedBy", manager)
        if byte_length(manager) > MANAGED_BY_BYTES_MAX:
            errors.append(too_long(f"{path}.managedBy", MANAGED_BY_BYTES_MAX))
    errors += _validate_mode(spec, path)
    if (policy := spec.get("podFailurePolicy")) is not None:
        errors += _validate_failure_policy(policy, spec, f"{path}.podFailurePolicy")
    if (policy := spec.get("successPolicy")) is not None:
        if spec.get("completionMode") == INDEXED:
            errors += _validate_success_policy(policy, spec, f"{path}.successPolicy")
        else:
            shown = shown_success_policy(policy)
            errors.append(invalid(f"{path}.successPolicy", shown, "requires indexed completion mode"))
    errors += _validate_replacement(spec, f"{path}.podReplacementPolicy")
    errors += validate_template(spec.get("template") or {}, f"{path}.template", options)
    return errors + _validate_restart_policy(spec, f"{path}.template.spec.restartPolicy")


def _validate_mode(spec: Object, path: str) -> list[FieldError]:
    mode = spec.get("completionMode")
    errors: list[FieldError] = []
    if mode is not None and mode not in (NON_INDEXED, INDEXED):
        errors.append(not_supported(f"{path}.completionMode", mode, (NON_INDEXED, INDEXED)))
    if mode == INDEXED:
        errors += _validate_indexed(spec, path)
    if mode in (None, NON_INDEXED):
        errors += [
            invalid(f"{path}.{name}", spec[name], "requires indexed completion mode")
            for name in ("backoffLimitPerIndex", "maxFailedIndexes")
            if spec.get(name) is not None
        ]
    return errors


def _validate_indexed(spec: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    completions, parallelism = spec.get("completions"), spec.get("parallelism") or 0
    failed = spec.get("maxFailedIndexes")
    if completions is None:
        errors.append(required(f"{path}.completions", "when completion mode is Indexed"))
    if parallelism > PARALLELISM_MAX:
        detail = f"must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed"
        errors.append(invalid(f"{path}.parallelism", parallelism, detail))
    if completions is not None and failed is not None and failed > completions:
        errors.append(invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions"))
    if failed is not None and failed > FAILED_INDEXES_MAX:
        detail = f"must be less than or equal to {FAILED_INDEXES_MAX}"
        errors.append(invalid(f"{path}.maxFailedIndexes", failed, detail))
    if (completions or 0) > COMPLETIONS_SOFT_MAX and spec.get("backoffLimitPerIndex") is not None:
        if failed is None:
            detail = f"must be specified when completions is above {COMPLETIONS_SOFT_MAX}"
            errors.append(required(f"{path}.maxFailedIndexes", detail))
        if parallelism > PARALLELISM_MAX_OF_MANY:
            detail = f"must be less than or equal to {PARALLELISM_MAX_OF_MANY} {_MANY}"
            errors.append(invalid(f"{path}.parallelism", parallelism, detail))
        if failed is not None and failed > FAILED_INDEXES_MAX_OF_MANY:
            detail = f"must be less than or equal to {FAILED_INDEXES_MAX_OF_MANY} {_MANY}"
            errors.append(invalid(f"{path}.maxFailedIndexes", failed, detail))
    return errors


def _validate_failure_policy(policy: Object, spec: Object, path: str) -> list[FieldError]:
    rules = policy.get("rules") or []
    errors = [too_many(f"{path}.rules", len(rules), RULES_MAX)] if len(rules) > RULES_MAX else []
    pod = at(spec, "template", "spec", default={})
    names = {c.get("name") for field in ("containers", "initContainers") for c in pod.get(field) or ()}
    for index, rule in enumerate(rules):
        errors += _validate_failure_rule(rule, spec, f"{path}.rules[{index}]", names)
    return errors


def _validate_failure_rule(rule: Object, spec: Object, path: str, names: set[Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    action = rule.get("action") or ""
    if not action:
        errors.append(required(f"{path}.action", valid_values(_ACTIONS)))
    elif action == "FailIndex":
        if spec.get("backoffLimitPerIndex") is None:
            errors.append(invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set"))
    elif action not in _ACTIONS:
        errors.append(not_supported(f"{path}.action", action, _ACTIONS))
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or []
    if codes is not None:
        errors += _validate_exit_codes(codes, f"{path}.onExitCodes", names)
    if len(conditions) > PATTERNS_MAX:
        errors.append(too_many(f"{path}.onPodConditions", len(conditions), PATTERNS_MAX))
    for index, pattern in enumerate(conditions):
        errors += _validate_pattern(pattern, f"{path}.onPodConditions[{index}]")
    if codes is not None and conditions:
        errors.append(invalid(path, OMIT, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        errors.append(invalid(path, OMIT, "specifying one of OnExitCodes and OnPodConditions is required"))
    return errors


def _validate_pattern(pattern: Object, path: str) -> list[FieldError]:
    kind, status = pattern.get("type") or "", pattern.get("status") or ""
    errors = [invalid(f"{path}.type", kind, message) for message in qualified_name(kind)]
    if not status:
        errors.append(required(f"{path}.status", valid_values(_STATUSES)))
    elif status not in _STATUSES:
        errors.append(not_supported(f"{path}.status", status, _STATUSES))
    return errors


def _validate_exit_codes(codes: Object, path: str, names: set[Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    operator, container, values = codes.get("operator") or "", codes.get("containerName"), codes.get("values")
    if not operator:
        errors.append(required(f"{path}.operator", valid_values(_OPERATORS)))
    elif operator not in _OPERATORS:
        errors.append(not_supported(f"{path}.operator", operator, _OPERATORS))
    if container is not None and container not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        errors.append(invalid(f"{path}.containerName", container, detail))
    if not values:
        errors.append(invalid(f"{path}.values", values, "at least one value is required"))
        return errors
    if len(values) > EXIT_CODES_MAX:
        errors.append(too_many(f"{path}.values", len(values), EXIT_CODES_MAX))
    seen: set[int] = set()
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            errors.append(invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator"))
        if value in seen:
            errors.append(duplicate(f"{path}.values[{index}]", value))
        seen.add(value)
    if values != sorted(values):
        errors.append(invalid(f"{path}.values", values, "must be ordered"))
    return errors


def _validate_success_policy(policy: Object, spec: Object, path: str) -> list[FieldError]:
    rules = policy.get("rules") or []
    errors: list[FieldError] = []
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        errors.append(required(f"{path}.rules", detail))
    if len(rules) > RULES_MAX:
        errors.append(too_many(f"{path}.rules", len(rules), RULES_MAX))
    for index, rule in enumerate(rules):
        errors += _validate_success_rule(rule, spec.get("completions") or 0, f"{path}.rules[{index}]")
    return errors


def _validate_success_rule(rule: Object, completions: int, path: str) -> list[FieldError]:
    indexes, count = rule.get("succeededIndexes"), rule.get("succeededCount")
    errors: list[FieldError] = []
    if indexes is None and count is None:
        errors.append(required(path, "at least one of succeededCount or succeededIndexes must be specified"))
    total = 0
    if indexes is not None:
        if byte_length(indexes) > SUCCEEDED_INDEXES_BYTES_MAX:
            errors.append(too_long(f"{path}.succeededIndexes", SUCCEEDED_INDEXES_BYTES_MAX))
        try:
            total = count_indexes(indexes, completions)
        except ValueError as error:
            errors.append(invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}"))
    if count is not None:
        path = f"{path}.succeededCount"
        errors += nonnegative(count, path)
        if count > completions:
            detail = f"must be less than or equal to {completions} (the number of specified completions)"
            errors.append(invalid(path, count, detail))
        if indexes is not None and count > total:
            what = "the number of indexes in the specified succeededIndexes field"
            errors.append(invalid(path, count, f"must be less than or equal to {total} ({what})"))
    return errors


def _validate_replacement(spec: Object, path: str) -> list[FieldError]:
    policy = spec.get("podReplacementPolicy")
    supported = _REPLACEMENTS if spec.get("podFailurePolicy") is None else _REPLACEMENTS[:1]
    return [] if policy is None or policy in supported else [not_supported(path, policy, supported)]


def _validate_restart_policy(spec: Object, path: str) -> list[FieldError]:
    policy = at(spec, "template", "spec", "restartPolicy", default="")
    if policy in ("", "Always"):
        return [required(path, 'valid values: "OnFailure", "Never"')]
    if policy not in ("OnFailure", "Never"):
        return [not_supported(path, policy, ("OnFailure", "Never"))]
    if spec.get("podFailurePolicy") is not None and policy != "Never":
        return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


# -- updates


def validate_job_spec_update(
    new: Object, old: Object, options: Options, *, scheduling: bool, resources: bool
) -> list[FieldError]:
    """`scheduling`, `resources`: what of the pod template may change now."""
    errors = validate_job_spec(new, "spec", options)
    errors += _completions_update(new, old)
    errors += _immutable(new, old, "selector", shown_selector(new.get("selector")))
    errors += _template_update(new, old, scheduling=scheduling, resources=resources)
    errors += _immutable(new, old, "completionMode", new.get("completionMode"))
    errors += _immutable(new, old, "podFailurePolicy", shown_failure_policy(new.get("podFailurePolicy")))
    errors += _immutable(new, old, "backoffLimitPerIndex", new.get("backoffLimitPerIndex"))
    errors += _immutable(new, old, "managedBy", new.get("managedBy"))
    return errors + _immutable(new, old, "successPolicy", shown_success_policy(new.get("successPolicy")))


def _immutable(new: Object, old: Object, name: str, shown: Any) -> list[FieldError]:
    return [] if new.get(name) == old.get(name) else [invalid(f"spec.{name}", shown, IMMUTABLE)]


def _completions_update(new: Object, old: Object) -> list[FieldError]:
    completions = new.get("completions")
    if new.get("completionMode") != INDEXED:
        return _immutable(new, old, "completions", completions)
    if completions is None or completions == old.get("completions") or completions == new.get("parallelism"):
        return []
    return [invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")]


def _template_update(new: Object, old: Object, *, scheduling: bool, resources: bool) -> list[FieldError]:
    template, before = new.get("template") or {}, old.get("template") or {}
    if scheduling:
        before = _rescheduled(before, template)
    if not (old.get("suspend") and resources):
        return _same("PodTemplateSpec", template, before, "spec.template")
    pod, past = template.get("spec") or {}, dict(before.get("spec") or {})
    for field in ("containers", "initContainers"):
        now, then = pod.get(field) or [], past.get(field) or []
        if then and len(now) == len(then):
            past[field] = [
                _with_resources(a, b) if a.get("name") == b.get("name") else b for a, b in zip(now, then, strict=True)
            ]
    return _same("PodSpec", pod, past, "spec.template.spec")


def _same(kind: str, new: Object, old: Object, path: str) -> list[FieldError]:
    return [] if semantic_equal(kind, new, old) else [invalid(path, render(kind, new), IMMUTABLE)]


def _with_resources(new: Object, old: Object) -> Object:
    return {**{name: value for name, value in old.items() if name != "resources"}, "resources": new.get("resources")}


def _rescheduled(old: Object, new: Object) -> Object:
    """The old template with everything from the new one that tells the scheduler where pods may go."""
    metadata, spec = dict(old.get("metadata") or {}), dict(old.get("spec") or {})
    for name in ("annotations", "labels"):
        metadata[name] = at(new, "metadata", name)
    pod = new.get("spec") or {}
    for name in ("nodeSelector", "tolerations", "schedulingGates"):
        spec[name] = pod.get(name)
    affinity, before = pod.get("affinity"), spec.get("affinity")
    if affinity is not None or before is not None:
        node = (affinity or {}).get("nodeAffinity")
        rest = {name: value for name, value in (before or {}).items() if name != "nodeAffinity"}
        spec["affinity"] = rest | ({"nodeAffinity": node} if node is not None else {})
        if affinity is None and not rest:
            spec["affinity"] = None
    return {**old, "metadata": metadata, "spec": spec}


# -- as messages print it


def shown_success_policy(policy: Object | None) -> Any:
    if policy is None:
        return None
    rules = policy.get("rules")
    return {
        "Rules": rules
        and [
            {"SucceededIndexes": rule.get("succeededIndexes"), "SucceededCount": rule.get("succeededCount")}
            for rule in rules
        ]
    }


def shown_failure_policy(policy: Object | None) -> Any:
    if policy is None:
        return None
    rules = policy.get("rules")
    return {"Rules": rules and [_shown_rule(rule) for rule in rules]}


def _shown_rule(rule: Object) -> Object:
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
    return {
        "Action": rule.get("action") or "",
        "OnExitCodes": codes
        and {
            "ContainerName": codes.get("containerName"),
            "Operator": codes.get("operator") or "",
            "Values": codes.get("values"),
        },
        "OnPodConditions": conditions
        and [{"Type": each.get("type") or "", "Status": each.get("status") or ""} for each in conditions],
    }
