"""The rules of an Ingress's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, subdomain
from steersman.api.errors import FieldError, invalid, not_supported, required
from steersman.api.meta.addresses import parse_ip_sloppy
from steersman.api.meta.names import (
    dns1123_subdomain,
    name_is_dns_label,
    path_segment,
    port_name,
    port_number,
    wildcard_dns1123_subdomain,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDINGS = ("/..", "/.")


@dataclass(frozen=True, slots=True)
class Options:
    """What may stay because it is stored already."""

    any_secret_name: bool = False
    any_wildcard_rule: bool = False


def options_for(old: Object | None) -> Options:
    """`old`: the stored spec, None on create."""
    if old is None:
        return Options()
    return Options(
        any_secret_name=any(_secret_name_errors(tls) for tls in old.get("tls") or ()),
        any_wildcard_rule=any(
            "*" in rule.get("host", "") and _validate_rule_value(rule, "") for rule in old.get("rules") or ()
        ),
    )


def validate_spec(spec: Object, options: Options) -> list[FieldError]:
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    errors = []
    if not rules and backend is None:
        errors.append(invalid("spec", None, "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        errors += _validate_backend(backend, "spec.defaultBackend")
    errors += _validate_rules(rules, options)
    errors += _validate_tls(spec.get("tls") or (), options)
    if spec.get("ingressClassName") is not None:
        errors += subdomain(spec["ingressClassName"], "spec.ingressClassName")
    return errors


def _validate_host(host: str, path: str) -> list[FieldError]:
    return each(path, host, wildcard_dns1123_subdomain(host) if "*" in host else dns1123_subdomain(host))


def _validate_rules(rules: Sequence[Object], options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, rule in enumerate(rules):
        path, host = f"spec.rules[{index}]", rule.get("host") or ""
        if host:
            if parse_ip_sloppy(host) is not None:
                errors.append(invalid(f"{path}.host", host, "must be a DNS name, not an IP address"))
            errors += _validate_host(host, f"{path}.host")
        if "*" not in host or not options.any_wildcard_rule:
            errors += _validate_rule_value(rule, path)
    return errors


def _validate_rule_value(rule: Object, path: str) -> list[FieldError]:
    http = rule.get("http")
    if http is None:
        return []
    paths = http.get("paths") or []
    errors = [] if paths else [required(f"{path}.http.paths")]
    for index, each_path in enumerate(paths):
        errors += _validate_path(each_path, f"{path}.http.paths[{index}]")
    return errors


def _validate_path(rule: Object, path: str) -> list[FieldError]:
    kind, text = rule.get("pathType"), rule.get("path") or ""
    if kind is None:
        return [required(f"{path}.pathType", "pathType must be specified")]
    errors = []
    if kind in ("Exact", "Prefix"):
        if not text.startswith("/"):
            errors.append(invalid(f"{path}.path", text, "must be an absolute path"))
        bad = [f"must not contain '{part}'" for part in _BAD_SEQUENCES if part in text]
        bad += [f"cannot end with '{ending}'" for ending in _BAD_ENDINGS if text.endswith(ending)]
        errors += each(f"{path}.path", text, bad)
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            errors.append(invalid(f"{path}.path", text, "must be an absolute path"))
    else:
        errors.append(not_supported(f"{path}.pathType", kind, ("Exact", "ImplementationSpecific", "Prefix")))
    return errors + _validate_backend(rule.get("backend") or {}, f"{path}.backend")


def _validate_backend(backend: Object, path: str) -> list[FieldError]:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return _validate_resource(resource, f"{path}.resource")
    if service is not None:
        return _validate_service(service, path)
    return [invalid(path, "", "resource or service backend is required")]


def _validate_resource(resource: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if resource.get("apiGroup") is not None:
        errors += subdomain(resource["apiGroup"], f"{path}.apiGroup")
    for name in ("kind", "name"):
        value = resource.get(name) or ""
        errors += each(f"{path}.{name}", value, path_segment(value)) if value else [required(f"{path}.{name}")]
    return errors


def _validate_service(service: Object, path: str) -> list[FieldError]:
    name, port = service.get("name") or "", service.get("port") or {}
    name_path = f"{path}.service.name"
    errors = each(name_path, name, name_is_dns_label(name)) if name else [required(name_path)]
    label, number = port.get("name") or "", port.get("number") or 0
    if label and number:
        errors.append(invalid(path, "", "cannot set both port name & port number"))
    elif label:
        errors += each(f"{path}.service.port.name", label, port_name(label))
    elif number:
        errors += each(f"{path}.service.port.number", number, port_number(number))
    else:
        errors.append(required(path, "port name or number is required"))
    return errors


def _validate_tls(entries: Sequence[Object], options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, tls in enumerate(entries):
        path = f"spec.tls[{index}]"
        for position, host in enumerate(tls.get("hosts") or ()):
            errors += _validate_host(host, f"{path}.hosts[{position}]")
        if not options.any_secret_name:
            errors += each(f"{path}.secretName", tls.get("secretName"), _secret_name_errors(tls))
    return errors


def _secret_name_errors(tls: Object) -> list[str]:
    name = tls.get("secretName") or ""
    return dns1123_subdomain(name) if name else []
