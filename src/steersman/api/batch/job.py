"""Job: runs pods until enough of them have succeeded.

Invariants: the selector and the template are fixed (but for suspended Jobs); unless it is chosen by hand, the selector
chooses by the Job's uid. Validation is in `job_validation.py` and `job_status_validation.py`.

Upstream differences: labels that a Job takes over from its template are stored at once, not with the next write; so a
write that changes nothing is none even then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from steersman.api.batch.job_status_validation import validate_status
from steersman.api.batch.job_validation import (
    COMPLETIONS_SOFT_MAX,
    INDEXED,
    NON_INDEXED,
    PARALLELISM_MAX_OF_MANY,
    validate_completion_name,
    validate_job_spec,
    validate_job_spec_update,
)
from steersman.api.columns import AGE, at
from steersman.api.core.podspec.defaults import default_template
from steersman.api.core.podspec.gates import drop_disabled_from_template
from steersman.api.core.podspec.validation.options import options_for
from steersman.api.core.podspec.warnings import template_warnings
from steersman.api.core.workload import (
    compiled,
    container_columns,
    labels_of,
    name_warnings,
    selector_of,
    shown_selector,
    template_of,
)
from steersman.api.errors import FieldError, invalid, required
from steersman.api.meta.age import human_duration
from steersman.api.meta.label_selector import has_invalid_values
from steersman.api.meta.times import parse_time
from steersman.api.resource import Column, Context, Resource, Scope, Strategy, Subresource
from steersman.api.schema.builtin import schema
from steersman.api.views import status_view

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object

UID_LABEL, NAME_LABEL = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
LEGACY_UID_LABEL, LEGACY_NAME_LABEL = "controller-uid", "job-name"
_STATUS_CONDITIONS = (
    ("Suspended", "Suspended"),
    ("FailureTarget", "FailureTarget"),
    ("SuccessCriteriaMet", "SuccessCriteriaMet"),
)


def default_job_spec(spec: Object) -> None:
    """What the spec of a Job gets wherever it stands: patterns and pods. The rest only a Job gets."""
    for rule in at(spec, "podFailurePolicy", "rules", default=()):
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"
    default_template(spec.get("template"))


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6 if spec.get("backoffLimitPerIndex") is None else 2**31 - 1)
    labels = labels_of(template_of(obj))
    if labels and not obj["metadata"].get("labels"):
        # One and the same map: what a new Job's template gets later (its generated labels), the Job gets as well.
        obj["metadata"]["labels"] = labels
    spec.setdefault("completionMode", NON_INDEXED)
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed")
    spec.setdefault("manualSelector", False)
    default_job_spec(spec)


def drop_disabled(spec: Object, old: Object | None) -> None:
    """Fields of features that are off, in a Job's spec and its template."""
    if (old or {}).get("scheduling") is None:
        spec.pop("scheduling", None)
    drop_disabled_from_template(spec.get("template"), (old or {}).get("template"))


def _prepare_create(obj: Object, _ctx: Context) -> None:
    spec = obj["spec"]
    if not spec.get("manualSelector"):
        _generate_selector(obj)
    obj["status"] = {}
    drop_disabled(spec, None)


def _generate_selector(obj: Object) -> None:
    """Labels that the author has set stay; validation refuses them if they are others."""
    metadata, spec = obj["metadata"], obj["spec"]
    template = spec.setdefault("template", {})
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    for label in (LEGACY_NAME_LABEL, NAME_LABEL):
        labels.setdefault(label, metadata.get("name") or "")
    for label in (LEGACY_UID_LABEL, UID_LABEL):
        labels.setdefault(label, metadata["uid"])
    selector = spec.setdefault("selector", {})
    selector.setdefault("matchLabels", {}).setdefault(UID_LABEL, metadata["uid"])


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    drop_disabled(new.get("spec") or {}, old.get("spec") or {})


def _canonicalize(obj: Object) -> None:
    """Upstream defaults whatever it reads back from its store, so that generated labels reach the Job as well."""
    labels = labels_of(template_of(obj))
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def _validate(obj: Object) -> list[FieldError]:
    errors = _generated_selector(obj)
    errors += validate_job_spec(obj.get("spec") or {}, "spec", options_for(None))
    return errors + validate_completion_name(obj)


def _generated_selector(obj: Object) -> list[FieldError]:
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return []
    uid, name = metadata.get("uid") or "", metadata.get("name") or ""
    errors: list[FieldError] = [] if uid else [required("metadata.uid")]
    expected = {LEGACY_UID_LABEL: uid, LEGACY_NAME_LABEL: name, UID_LABEL: uid, NAME_LABEL: name}
    labels = labels_of(template_of(obj)) or {}
    for key, value in expected.items():
        path, detail = f"spec.template.metadata.labels[{key}]", f"must be '{value}'"
        if key not in labels:
            errors.append(required(path, detail))
        elif labels[key] != value:
            errors.append(invalid(path, {each: labels[each] for each in sorted(labels)}, detail))
    chosen = compiled(selector)
    if chosen is not None and not chosen.matches(expected):
        errors.append(invalid("spec.selector", shown_selector(selector), "`selector` not auto-generated"))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, status = old.get("spec") or {}, old.get("status") or {}
    options = options_for(template_of(old))
    if has_invalid_values(spec.get("selector")):
        options = replace(options, allow_invalid_label_value_in_selector=True)
    resting = _has_condition(status, "Suspended") or status.get("startTime") is None
    mutable = bool(spec.get("suspend")) and resting and not status.get("active")
    errors = validate_job_spec_update(new.get("spec") or {}, spec, options, scheduling=mutable, resources=mutable)
    return errors + validate_completion_name(new)


def _has_condition(status: Object, kind: str) -> bool:
    return any(c.get("type") == kind and c.get("status") == "True" for c in status.get("conditions") or ())


def job_spec_warnings(spec: Object, path: str) -> list[str]:
    warnings = []
    many = (spec.get("completions") or 0) > COMPLETIONS_SOFT_MAX
    if spec.get("completionMode") == INDEXED and many and (spec.get("parallelism") or 0) > PARALLELISM_MAX_OF_MANY:
        warnings.append(
            f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than "
            "10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        )
    return warnings + template_warnings(spec.get("template"), f"{path}.template")


def _warnings(new: Object, old: Object | None) -> list[str]:
    if old is None:
        return name_warnings(new) + job_spec_warnings(new.get("spec") or {}, "spec")
    if new["metadata"].get("generation") == old["metadata"].get("generation"):
        return []
    return job_spec_warnings(new.get("spec") or {}, "spec")


# -- columns


def _status(obj: Object, _now: datetime) -> str:
    status = obj.get("status") or {}
    for kind in ("Complete", "Failed"):
        if _first_condition(status, kind):
            return kind
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((text for kind, text in _STATUS_CONDITIONS if _first_condition(status, kind)), "Running")


def _first_condition(status: Object, kind: str) -> bool:
    """Of several conditions of a type, printing looks at the first."""
    return next((c.get("status") == "True" for c in status.get("conditions") or () if c.get("type") == kind), False)


def _completions(obj: Object, _now: datetime) -> str:
    succeeded = at(obj, "status", "succeeded", default=0)
    completions, parallelism = at(obj, "spec", "completions"), at(obj, "spec", "parallelism", default=0)
    if completions is not None:
        return f"{succeeded}/{completions}"
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(obj: Object, now: datetime) -> str:
    began, ended = at(obj, "status", "startTime"), at(obj, "status", "completionTime")
    if began is None:
        return ""
    until = now if ended is None else parse_time(ended)
    return human_duration((until - parse_time(began)).total_seconds())


JOBS = Resource(
    group="batch",
    version="v1",
    kind="Job",
    plural="jobs",
    singular="job",
    categories=("all",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.batch.v1.Job"),
    subresources=(Subresource(name="status", verbs=("get", "patch", "update"), update=status_view(validate_status)),),
    strategy=Strategy(
        default=_default,
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        canonicalize=_canonicalize,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
        has_status=True,
        reset_fields=(("status",),),
        default_propagation_policy="Orphan",
        delete_warning=(
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove "
            "them or set propagationPolicy=Orphan to suppress this warning"
        ),
    ),
    columns=(
        Column("Status", "string", _status),
        Column("Completions", "string", _completions),
        Column("Duration", "string", _duration),
        AGE,
        *container_columns(selector_of),
    ),
    unknown_selector='field label "{}" not supported for Job',
    selectable=(("status.successful", lambda obj: str(at(obj, "status", "succeeded", default=0))),),
)
