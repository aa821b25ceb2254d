"""What may be wrong with a StatefulSet, in upstream's order and words (pkg/apis/apps/validation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.apps.rolling import amount_value, check_amount, check_at_most_all, shown_rolling, shown_strategy
from steersman.api.columns import at
from steersman.api.core.claim_spec import validate_claim_spec
from steersman.api.core.go_types import render, semantic_equal
from steersman.api.core.podspec.validation.annotations import validate_pod_annotations
from steersman.api.core.podspec.validation.options import Options, options_for
from steersman.api.core.podspec.validation.spec import validate_template
from steersman.api.core.workload import (
    check_collisions,
    check_counters,
    check_matches,
    check_replica_counts,
    check_selector,
    compiled,
    shown_selector,
    template_of,
)
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import dns1123_label
from steersman.api.meta.object_meta import IMMUTABLE, nonnegative, validate_annotations

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_POLICIES = ("OrderedReady", "Parallel")
_COUNTERS = (
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "observedGeneration",
    "collisionCount",
)
_PARTS = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


def validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj.get("spec") or {}, "spec", options_for(None))


def validate_update(new: Object, old: Object) -> list[FieldError]:
    """What is immutable is not judged again, nor the template if the old one would be refused today."""
    options = options_for(template_of(old))
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    refused = bool(_validate_spec(before, "", options, immutables=False))
    errors = _validate_spec(spec, "spec", options, immutables=False, template=not refused)
    errors += _immutable(spec, before, "selector", "*LabelSelector")
    errors += _immutable(spec, before, "volumeClaimTemplates", "[]PersistentVolumeClaim")
    errors += _immutable(spec, before, "serviceName", "string")
    return errors + _immutable(spec, before, "podManagementPolicy", "string")


def _immutable(new: Object, old: Object, name: str, kind: str) -> list[FieldError]:
    if semantic_equal(kind, new.get(name), old.get(name)):
        return []
    return [invalid(f"spec.{name}", render(kind, new.get(name)), IMMUTABLE)]


def validate_status(new: Object, old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = check_counters(status, "status", _COUNTERS)
    errors += check_replica_counts(status, _PARTS, ready="status.readyReplicas")
    return errors + check_collisions(new, old)


def _validate_spec(
    spec: Object, path: str, options: Options, *, immutables: bool = True, template: bool = True
) -> list[FieldError]:
    """`immutables`: also what an update cannot change; `template`: the pod template too."""
    errors: list[FieldError] = []
    policy = spec.get("podManagementPolicy") or ""
    if not policy:
        errors.append(required(f"{path}.podManagementPolicy"))
    elif policy not in _POLICIES:
        errors.append(invalid(f"{path}.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    errors += _validate_strategy(spec.get("updateStrategy") or {}, f"{path}.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name in ("whenDeleted", "whenScaled"):
        if (value := retention.get(name)) not in ("Retain", "Delete"):
            at_ = f"{path}.persistentVolumeClaimRetentionPolicy.{name}"
            errors.append(not_supported(at_, value or "", ("Retain", "Delete")))
    if immutables:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            errors += validate_claim_spec(claim.get("spec") or {}, f"{path}.volumeClaimTemplates[{index}].spec")
    errors += check_counters(spec, path, ("replicas", "minReadySeconds"))
    if (start := at(spec, "ordinals", "start")) is not None:
        errors += nonnegative(start, f"{path}.ordinals.start")
    service = spec.get("serviceName")
    if immutables and service:
        errors += [invalid(f"{path}.serviceName", service, message) for message in dns1123_label(service)]
    errors += check_selector(spec.get("selector"), f"{path}.selector", "statefulset")
    errors += _validate_template(spec, path, options, whole=template)
    pod = at(spec, "template", "spec", default={})
    if (restart := pod.get("restartPolicy") or "") != "Always":
        errors.append(not_supported(f"{path}.template.spec.restartPolicy", restart, ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in StatefulSet is not Supported"
        errors.append(forbidden(f"{path}.template.spec.activeDeadlineSeconds", detail))
    return errors


def _validate_strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type") or "", strategy.get("rollingUpdate")
    match kind:
        case "":
            return [required(path)]
        case "OnDelete":
            if rolling is None:
                return []
            shown = shown_rolling(strategy, partition=True)
            return [invalid(f"{path}.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")]
        case "RollingUpdate":
            return [] if rolling is None else _validate_rolling(rolling, f"{path}.rollingUpdate")
        case _:
            shown = shown_strategy(strategy, partition=True)
            return [invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")]


def _validate_rolling(rolling: Object, path: str) -> list[FieldError]:
    errors = check_counters(rolling, path, ("partition",))
    unavailable: Any = rolling.get("maxUnavailable")
    if unavailable is not None:
        path = f"{path}.maxUnavailable"
        errors += check_amount(unavailable, path)
        if amount_value(unavailable) == 0:
            errors.append(invalid(path, unavailable, "cannot be 0"))
        errors += check_at_most_all(unavailable, path)
    return errors


def _validate_template(spec: Object, path: str, options: Options, *, whole: bool) -> list[FieldError]:
    """The template as pods will get it: with a volume per claim, and without what the controller sets itself."""
    wanted = spec.get("selector")
    selector = compiled(wanted)
    if selector is None:
        return [invalid(f"{path}.selector", shown_selector(wanted), "")]
    template = spec.get("template") or {}
    path = f"{path}.template"
    errors: list[FieldError] = []
    if not selector.everything:
        errors += check_matches(selector, template, path)
    if whole:
        errors += validate_template(_completed(template, spec), path, options)
    labels, annotations = at(template, "metadata", "labels"), at(template, "metadata", "annotations", default={})
    errors += validate_labels(labels, f"{path}.labels")
    errors += validate_annotations(annotations, f"{path}.annotations")
    return errors + validate_pod_annotations(annotations, template.get("spec") or {}, f"{path}.annotations", options)


def _completed(template: Object, spec: Object) -> Object:
    pod = {name: value for name, value in (template.get("spec") or {}).items() if name not in ("hostname", "subdomain")}
    names = [at(claim, "metadata", "name", default="") for claim in spec.get("volumeClaimTemplates") or ()]
    if names:
        claims = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(names)]
        others = [volume for volume in pod.get("volumes") or () if volume.get("name") not in names]
        pod["volumes"] = [*claims, *others]
    return {**template, "spec": pod}
