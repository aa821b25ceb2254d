"""Resource names, amounts and requirements (requests, limits, claims)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.arithmetic import aggregate
from steersman.api.core.podspec.validation.common import label
from steersman.api.core.podspec.walk import is_windows
from steersman.api.errors import FieldError, FieldReason, duplicate, forbidden, invalid, not_supported, required
from steersman.api.meta.names import qualified_name
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

HUGE_PAGES = "hugepages-"
POD_LEVEL = ("cpu", "memory")
_CONTAINER = frozenset({"cpu", "memory", "ephemeral-storage"})
_COUNTS = frozenset(
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_STANDARD = (
    _CONTAINER
    | _COUNTS
    | {"storage", "requests.storage"}
    | {f"{kind}.{name}" for kind in ("requests", "limits") for name in _CONTAINER}
)
_COMPUTE = ("cpu", "memory")


def is_huge_page(name: str) -> bool:
    return name.startswith(HUGE_PAGES)


def huge_page_is_divisible(name: str, amount: str) -> bool:
    try:
        size = parse(name.removeprefix(HUGE_PAGES))
    except ValueError:
        return False
    if size.sign <= 0 or size.milli_value() % 1000:
        return False
    return parse(amount).value() % size.value() == 0


def is_native(name: str) -> bool:
    """In Kubernetes' own namespace, as names without a prefix are."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    return not is_native(name) and not name.startswith("requests.") and not qualified_name(f"requests.{name}")


def overcommit_allowed(name: str) -> bool:
    return is_native(name) and not is_huge_page(name)


def is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def is_counted(name: str) -> bool:
    """Measured in whole numbers."""
    return name in _COUNTS or is_extended(name)


def validate_resource_name(name: str, path: str) -> list[FieldError]:
    errors = [invalid(path, name, message) for message in qualified_name(name)]
    if not errors and "/" not in name and not is_standard(name):
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
    return errors


def validate_container_resource_name(name: str, path: str) -> list[FieldError]:
    errors = validate_resource_name(name, path)
    if "/" not in name:
        if name not in _CONTAINER and not is_huge_page(name):
            errors.append(invalid(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        errors.append(invalid(path, name, "doesn't follow extended resource name standard"))
    return errors


def validate_pod_resource_name(name: str, path: str) -> list[FieldError]:
    errors = validate_resource_name(name, path)
    if not errors and name not in POD_LEVEL and not is_huge_page(name):
        errors.append(not_supported(path, name, ("cpu", HUGE_PAGES, "memory")))
    return errors


def validate_amount(name: str, amount: str, path: str) -> list[FieldError]:
    """Never negative, and whole where things are counted."""
    quantity = parse(amount)
    errors = [invalid(path, amount, "must be greater than or equal to 0")] if quantity.sign < 0 else []
    if is_counted(name) and quantity.milli_value() % 1000:
        errors.append(invalid(path, amount, "must be an integer"))
    return errors


def validate_requirements(
    requirements: Object,
    claim_names: Collection[str],
    path: str,
    options: Options,
    *,
    validate_name: Callable[[str, str], list[FieldError]] = validate_container_resource_name,
) -> list[FieldError]:
    limits, requests = requirements.get("limits") or {}, requirements.get("requests") or {}
    errors: list[FieldError] = []
    for name in sorted(limits):
        errors += _validate_entry(name, limits[name], f"{path}.limits[{name}]", validate_name, options)
    for name in sorted(requests):
        at = f"{path}.requests[{name}]"
        errors += validate_name(name, at)
        errors += validate_amount(name, requests[name], at)
        errors += _against_limit(name, requests[name], limits.get(name), path)
        errors += _huge_page(name, requests[name], at, options)
    if any(map(is_huge_page, (*limits, *requests))) and not any(n in limits or n in requests for n in _COMPUTE):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    return errors + _validate_claims(requirements.get("claims") or (), claim_names, f"{path}.claims")


def _validate_entry(
    name: str, amount: str, path: str, validate_name: Callable[[str, str], list[FieldError]], options: Options
) -> list[FieldError]:
    return validate_name(name, path) + validate_amount(name, amount, path) + _huge_page(name, amount, path, options)


def _huge_page(name: str, amount: str, path: str, options: Options) -> list[FieldError]:
    if not is_huge_page(name) or options.allow_indivisible_huge_pages or huge_page_is_divisible(name, amount):
        return []
    return [invalid(path, amount, f"{amount} is not positive integer multiple of {name}")]


def _against_limit(name: str, request: str, limit: str | None, path: str) -> list[FieldError]:
    if limit is None:
        detail = "Limit must be set for non overcommitable resources"
        return [] if overcommit_allowed(name) else [required(f"{path}.limits", detail)]
    order = parse(request).compare(parse(limit))
    if order != 0 and not overcommit_allowed(name):
        return [invalid(f"{path}.requests", request, f"must be equal to {name} limit of {limit}")]
    if order > 0:
        return [invalid(f"{path}.requests", request, f"must be less than or equal to {name} limit of {limit}")]
    return []


def _validate_claims(claims: Sequence[Object], claim_names: Collection[str], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at, name, request = f"{path}[{index}]", claim.get("name") or "", claim.get("request") or ""
        if not name:
            errors.append(required(at))
            continue
        if name in seen:
            errors.append(duplicate(at, name))
        else:
            key = f"{name}/{request}" if request else name
            if request:
                errors += label(request, f"{at}.request")
            if key in seen:
                errors.append(duplicate(at, key))
            elif not request:
                errors += [duplicate(at, name) for other in seen if other.partition("/")[0] == name]
            seen.add(key)
        if name not in claim_names:
            known = f": {', '.join(sorted(claim_names))}" if claim_names else " which is empty"
            detail = f"must be one of the names in pod.spec.resourceClaims{known}"
            errors.append(FieldError(FieldReason.NOT_FOUND, at, name, detail))
    return errors


def validate_pod_resources(spec: Object, claim_names: Collection[str], path: str, options: Options) -> list[FieldError]:
    """Requirements of the pod as a whole."""
    resources = spec.get("resources")
    if resources is None:
        return []
    if is_windows(spec):
        return [forbidden(path, "may not be set for a windows pod")]
    errors = []
    if resources.get("claims"):
        errors.append(forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level"))
    errors += validate_requirements(resources, claim_names, path, options, validate_name=validate_pod_resource_name)
    return errors + _validate_consistency(spec, resources, path)


def _validate_consistency(spec: Object, resources: Object, path: str) -> list[FieldError]:
    """The pod has room for its containers."""
    errors = []
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, total in aggregate(spec, "requests").items():
        if name in requests and total > parse(requests[name]):
            detail = f"must be greater than or equal to aggregate container requests of {total}"
            errors.append(invalid(f"{path}.requests[{name}]", requests[name], detail))
    for name, total in aggregate(spec, "limits").items():
        if is_huge_page(name) and name in limits and total > parse(limits[name]):
            detail = f"must be greater than or equal to aggregate container limits of {total}"
            errors.append(invalid(f"{path}.limits[{name}]", limits[name], detail))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, amount in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and parse(amount) > parse(limits[name]):
                detail = f"must be less than or equal to pod limits of {limits[name]}"
                errors.append(invalid(f"{path}.containers[{index}][{name}].limits", amount, detail))
    return errors
