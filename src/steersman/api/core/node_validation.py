"""The rules of a Node."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from steersman.api.columns import at
from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import each, one_of, positive, subdomain
from steersman.api.core.podspec.validation.resources import validate_amount
from steersman.api.errors import FieldError, FieldReason, duplicate, forbidden, go_quote, invalid, required
from steersman.api.meta.addresses import parse_cidr_sloppy, valid_cidr_legacy
from steersman.api.meta.label_selector import validate_label_name
from steersman.api.meta.names import SUBDOMAIN_MAX, config_map_key, label_value, name_is_dns_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_TAINTS, _AVOID = "scheduler.alpha.kubernetes.io/taints", "scheduler.alpha.kubernetes.io/preferAvoidPods"
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*")
_CIDRS = "spec.podCIDRs"


def validate(node: Object) -> list[FieldError]:
    spec, status = node.get("spec") or {}, node.get("status") or {}
    errors = _validate_annotations(node["metadata"].get("annotations") or {})
    # Upstream looks for taints in the metadata.
    errors += validate_taints(spec.get("taints") or (), "metadata.taints")
    errors += _validate_resources(status)
    swap = at(status, "nodeInfo", "swap", "capacity")
    if swap is not None:
        errors += positive(swap, "metadata.nodeSwapStatus.capacity")
    errors += _validate_features(status.get("declaredFeatures") or ())
    return errors + _validate_cidrs(spec.get("podCIDRs") or [])


def validate_update(new: Object, old: Object) -> list[FieldError]:
    return validate(new) + validate_status(new, old)


def validate_status(new: Object, old: Object) -> list[FieldError]:
    """The judgement of every update, of the status as well."""
    spec, before, status = new.get("spec") or {}, old.get("spec") or {}, new.get("status") or {}
    errors = _validate_annotations(new["metadata"].get("annotations") or {})
    errors += _validate_resources(status)
    errors += _validate_features(status.get("declaredFeatures") or ())
    addresses = status.get("addresses") or []
    for index, address in enumerate(addresses):
        if address in addresses[:index]:
            shown = {"Type": address.get("type", ""), "Address": address.get("address", "")}
            errors.append(duplicate(f"status.addresses[{index}]", shown))
    errors += _validate_unchanged(spec, before)
    if spec.get("configSource") is not None:
        errors += _validate_config_source(spec["configSource"], "spec.configSource", in_status=False)
    for name in ("assigned", "active", "lastKnownGood"):
        source = at(status, "config", name)
        if source is not None:
            errors += _validate_config_source(source, f"status.config.{name}", in_status=True)
    errors += validate_taints(spec.get("taints") or (), "metadata.taints")
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        errors.append(forbidden("spec.externalID", "may not be updated"))
    return errors


def _validate_unchanged(spec: Object, before: Object) -> list[FieldError]:
    errors = []
    cidrs, known = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if known and cidrs != known:
        errors.append(forbidden(_CIDRS, 'node updates may not change podCIDR except from "" to valid'))
    provider, was = spec.get("providerID") or "", before.get("providerID") or ""
    if was and provider != was:
        state = "modified" if provider else "cleared"
        errors.append(invalid("spec.providerID", None, f"field cannot be {state} once set"))
    return errors


def validate_taints(taints: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        at_path = f"{path}[{index}]"
        key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
        errors += validate_label_name(key, f"{at_path}.key")
        if messages := label_value(value):
            errors.append(invalid(f"{at_path}.value", value, ";".join(messages)))
        if effect:
            errors += one_of(effect, f"{at_path}.effect", ("NoSchedule", "PreferNoSchedule", "NoExecute"))
        else:
            errors.append(required(f"{at_path}.effect"))
        if (key, effect) in seen:
            shown = render("Taint", taint)
            detail = "taints must be unique by key and effect pair"
            errors.append(FieldError(FieldReason.DUPLICATE, at_path, shown, detail))
        seen.add((key, effect))
    return errors


def _validate_annotations(annotations: Object) -> list[FieldError]:
    path = "metadata.annotations"
    errors: list[FieldError] = []
    if annotations.get(_TAINTS):
        taints = _listed(annotations[_TAINTS])
        if isinstance(taints, str):
            errors.append(invalid(path, _TAINTS, taints))
        else:
            errors += validate_taints(taints, f"{path}.{_TAINTS}")
    if annotations.get(_AVOID):
        errors += _validate_avoided(annotations[_AVOID], path)
    return errors


def _listed(text: str) -> list[Object] | str:
    """The objects in a JSON list, or what is wrong with it."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return str(error)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return f"json: cannot unmarshal {_json_kind(value)} into Go value of type []core.Taint"
    return value


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "number"


def _validate_avoided(text: str, path: str) -> list[FieldError]:
    try:
        avoided = json.loads(text)
    except ValueError as error:
        return [invalid(f"{path}.AvoidPods", _AVOID, str(error))]
    errors = []
    entries = avoided.get("preferAvoidPods") if isinstance(avoided, dict) else None
    for index, entry in enumerate(entries or ()):
        signature = f"{path}.{_AVOID}[{index}].PodSignature"
        controller = at(entry, "podSignature", "podController")
        if controller is None:
            errors.append(required(signature))
        elif not controller.get("controller"):
            errors.append(invalid(f"{signature}.PodController.Controller", False, "must point to a controller"))
    return errors


def _validate_resources(status: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    for field in ("capacity", "allocatable"):
        amounts = status.get(field) or {}
        for name in sorted(amounts):
            errors += validate_amount(name, amounts[name], f"status.{field}.{name}")
    return errors


def _validate_features(features: Sequence[str]) -> list[FieldError]:
    errors = []
    for index, feature in enumerate(features):
        path = f"status.declaredFeatures[{index}]"
        if problem := _feature_problem(feature):
            errors.append(invalid(path, feature, f"invalid feature name {go_quote(feature)}: {problem}"))
        following = features[index + 1] if index + 1 < len(features) else None
        after = f"status.declaredFeatures[{index + 1}]"
        if following == feature:
            errors.append(duplicate(after, following))
        elif following is not None and feature > following:
            errors.append(invalid(after, following, "list must be sorted alphabetically"))
    return errors


def _feature_problem(feature: str) -> str:
    if len(feature.encode()) > SUBDOMAIN_MAX:
        return f"must be no more than {SUBDOMAIN_MAX} characters"
    if _FEATURE.fullmatch(feature):
        return ""
    return (
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or "
        "MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
    )


def _validate_cidrs(cidrs: list[str]) -> list[FieldError]:
    errors = [error for index, text in enumerate(cidrs) for error in valid_cidr_legacy(f"{_CIDRS}[{index}]", text)]
    if len(cidrs) < 2:
        return errors
    families = set()
    for text in cidrs:
        parsed = parse_cidr_sloppy(text)
        if parsed is None:
            why = f"invalid CIDR[{cidrs.index(text)}]: <nil> (invalid CIDR address: {text})"
            detail = f"invalid PodCIDRs. failed to check with dual stack with error:{why}"
            errors.append(FieldError(FieldReason.INTERNAL, _CIDRS, detail=detail))
            break
        families.add(parsed[1].version)
    if len(families) != 2 or len(cidrs) > 2:
        errors.append(invalid(_CIDRS, cidrs, "may specify no more than one CIDR for each IP family"))
    return errors


def _validate_config_source(source: Object, path: str, *, in_status: bool) -> list[FieldError]:
    """Of a feature that is gone; what is stored of it must still be sound."""
    reference = source.get("configMap")
    if reference is None:
        return [invalid(path, {"ConfigMap": None}, "exactly one reference subfield must be non-nil")]
    path = f"{path}.configMap"
    errors: list[FieldError] = []
    for name in ("uid", "resourceVersion"):
        if in_status and not reference.get(name):
            errors.append(required(f"{path}.{name}"))
        elif not in_status and reference.get(name):
            errors.append(forbidden(f"{path}.{name}", f"{name} must not be set in spec"))
    for name in ("namespace", "name", "kubeletConfigKey"):
        value = reference.get(name) or ""
        if not value:
            errors.append(required(f"{path}.{name}"))
        elif name == "namespace":
            errors += each(f"{path}.{name}", value, name_is_dns_label(value))
        elif name == "name":
            errors += subdomain(value, f"{path}.{name}")
        else:
            errors += each(f"{path}.{name}", value, config_map_key(value))
    return errors
