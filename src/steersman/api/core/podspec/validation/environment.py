"""Environment variables, and references to fields of the pod and to resources of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, label, no_backsteps, qualified
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.meta.names import config_map_key, dns1123_subdomain, name_is_dns_subdomain, relaxed_env_var_name
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_CONVERTIBLE = frozenset({*_ENV_FIELDS, *_VOLUME_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"})
_RESOURCES = tuple(
    f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_HUGE_PAGES = ("requests.hugepages-", "limits.hugepages-")
_BYTE_DIVISORS = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
_ENV_SOURCES = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def validate_env(variables: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, variable in enumerate(variables):
        at, name = f"{path}[{index}]", variable.get("name") or ""
        errors += each(f"{at}.name", name, relaxed_env_var_name(name)) if name else [required(f"{at}.name")]
        if variable.get("valueFrom") is not None:
            has_value = bool(variable.get("value"))
            errors += _validate_value_from(variable["valueFrom"], f"{at}.valueFrom", has_value=has_value)
    return errors


def _validate_value_from(source: Object, path: str, *, has_value: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    count = 0
    for name, rule in (
        ("fieldRef", validate_field_ref),
        ("resourceFieldRef", validate_resource_field_ref),
        ("configMapKeyRef", _validate_key_ref),
        ("secretKeyRef", _validate_key_ref),
        ("fileKeyRef", _validate_file_key_ref),
    ):
        if source.get(name) is not None:
            count += 1
            errors += rule(source[name], f"{path}.{name}")
    if not count:
        errors.append(invalid(path, "", _ENV_SOURCES))
    elif has_value:
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif count > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def validate_field_ref(field: Object, path: str, *, volume: bool = False) -> list[FieldError]:
    """A field of the pod; `volume`: as a file, which may hold maps as well."""
    version, name = field.get("apiVersion") or "", field.get("fieldPath") or ""
    if not version:
        return [required(f"{path}.apiVersion")]
    if not name:
        return [required(f"{path}.fieldPath")]
    at, subscript = _split_subscript(name)
    problem = _conversion_problem(version, name, at, subscript)
    if problem:
        return [invalid(f"{path}.fieldPath", name, f"error converting fieldPath: {problem}")]
    if subscript is not None:
        return qualified(subscript.lower() if at == "metadata.annotations" else subscript, path)
    shown = "spec.nodeName" if name == "spec.host" else name
    allowed = _VOLUME_FIELDS if volume else _ENV_FIELDS
    return [] if shown in allowed else [not_supported(f"{path}.fieldPath", shown, allowed)]


def _split_subscript(name: str) -> tuple[str, str | None]:
    """`metadata.labels['a']` -> ("metadata.labels", "a")."""
    if not name.endswith("']"):
        return name, None
    at, bracket, key = name.removesuffix("']").partition("['")
    return (at, key) if bracket and at else (name, None)


def _conversion_problem(version: str, name: str, at: str, subscript: str | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscript is not None:
        if at in ("metadata.annotations", "metadata.labels"):
            return ""
        return f"field label does not support subscript: {name}"
    return "" if name in _CONVERTIBLE or name == "spec.host" else f"field label not supported: {name}"


def validate_resource_field_ref(field: Object, path: str, *, volume: bool = False) -> list[FieldError]:
    """A request or limit of a container; `volume`: as a file, which must name the container."""
    errors = []
    resource = field.get("resource") or ""
    if volume and not field.get("containerName"):
        errors.append(required(f"{path}.containerName"))
    elif not resource:
        errors.append(required(f"{path}.resource"))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.append(not_supported(f"{path}.resource", resource, _RESOURCES))
    divisor = field.get("divisor") or "0"
    if parse(divisor).sign:
        errors += _validate_divisor(resource, divisor, f"{path}.divisor")
    return errors


def _validate_divisor(resource: str, divisor: str, path: str) -> list[FieldError]:
    if resource in ("limits.cpu", "requests.cpu"):
        if divisor not in ("1m", "1"):
            detail = "only divisor's values 1m and 1 are supported with the cpu resource"
            return [invalid(path, resource, detail)]
        return []
    names = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}
    what = "hugepages" if resource.startswith(_HUGE_PAGES) else names.get(resource.partition(".")[2], "")
    if what and divisor not in _BYTE_DIVISORS.split(", "):
        detail = f"only divisor's values {_BYTE_DIVISORS} are supported with the {what} resource"
        return [invalid(path, resource, detail)]
    return []


def _validate_key_ref(reference: Object, path: str) -> list[FieldError]:
    name, key = reference.get("name") or "", reference.get("key") or ""
    errors = each(f"{path}.name", name, dns1123_subdomain(name))
    return errors + (each(f"{path}.key", key, config_map_key(key)) if key else [required(f"{path}.key")])


def _validate_file_key_ref(reference: Object, path: str) -> list[FieldError]:
    key, volume, file = (reference.get(name) or "" for name in ("key", "volumeName", "path"))
    errors = each(f"{path}.key", key, relaxed_env_var_name(key)) if key else [required(f"{path}.key")]
    errors += label(volume, f"{path}.volumeName") if volume else [required(f"{path}.volumeName")]
    return errors + (no_backsteps(file, f"{path}.path") if file else [required(f"{path}.path")])


def validate_env_from(sources: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, source in enumerate(sources):
        at = f"{path}[{index}]"
        if prefix := source.get("prefix"):
            errors += each(f"{at}.prefix", prefix, relaxed_env_var_name(prefix))
        count = 0
        for field in ("configMapRef", "secretRef"):
            reference = source.get(field)
            if reference is None:
                continue
            count += 1
            name = reference.get("name") or ""
            problems = each(f"{at}.{field}.name", name, name_is_dns_subdomain(name, prefix=True))
            errors += problems if name else [required(f"{at}.{field}.name")]
        if not count:  # upstream names the list, not the item
            errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif count > 1:
            errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors
