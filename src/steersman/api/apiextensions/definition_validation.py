"""Validation of CustomResourceDefinitions: names, versions, conversion, what may change; schemas have their own module.

Follows upstream's order and words. Definitions whose stored schema is older than the rules for schemas are not spared
from them on update: no such definition can have come into being here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from steersman.api.apiextensions.condition_types import ESTABLISHED
from steersman.api.apiextensions.definition_conversion import bundle_errors, client_config, validate_conversion
from steersman.api.apiextensions.definition_form import go_versions, internal_spec
from steersman.api.apiextensions.definition_schema import (
    validate_columns,
    validate_schema,
    validate_selectable_fields,
    validate_subresources,
)
from steersman.api.errors import FieldError, go_quote, invalid, not_supported, required
from steersman.api.meta.conditions import is_condition_true
from steersman.api.meta.names import dns1035_label, dns1123_subdomain, name_is_dns_subdomain
from steersman.api.meta.object_meta import immutable

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

APPROVAL_ANNOTATION: Final = "api-approved.kubernetes.io"
_SEE: Final = "see https://github.com/kubernetes/enhancements/pull/1111"
DEPRECATION_CHARACTERS_MAX: Final = 256


def name_rule(crd: Object) -> Callable[[str, bool], list[str]]:
    """A definition is named after what it defines."""
    spec = crd.get("spec") or {}
    wanted = f"{(spec.get('names') or {}).get('plural') or ''}.{spec.get('group') or ''}"

    def judge(name: str, prefix: bool) -> list[str]:
        errors = name_is_dns_subdomain(name, prefix)
        return errors if name == wanted else [*errors, 'must be spec.names.plural+"."+spec.group']

    return judge


def validate_definition(crd: Object) -> list[FieldError]:
    """A new definition; its metadata is judged elsewhere."""
    return [
        *_spec(internal_spec(crd.get("spec") or {}), check_ca=False, crowded=frozenset()),
        *validate_definition_status(crd),
        *_stored_versions(crd),
        *_approval(crd, None),
        *_preserve(crd, None),
    ]


def validate_definition_update(crd: Object, old: Object) -> list[FieldError]:
    spec, before = internal_spec(crd.get("spec") or {}), internal_spec(old.get("spec") or {})
    established = is_condition_true(old, ESTABLISHED)
    check_ca = established and not bundle_errors(client_config(before).get("caBundle") or "", "")
    errors = _spec(spec, check_ca=check_ca, crowded=_crowded(spec, before))
    names, names_before = spec.get("names") or {}, before.get("names") or {}
    if established:
        errors += immutable(spec.get("scope") or "", before.get("scope") or "", "spec.scope")
        errors += immutable(names.get("kind") or "", names_before.get("kind") or "", "spec.names.kind")
    errors += immutable(spec.get("group") or "", before.get("group") or "", "spec.group")
    errors += immutable(names.get("plural") or "", names_before.get("plural") or "", "spec.names.plural")
    errors += validate_definition_status(crd)
    errors += _stored_versions(crd)
    errors += _approval(crd, old)
    return errors + _preserve(crd, old)


def validate_definition_status(crd: Object) -> list[FieldError]:
    names = (crd.get("status") or {}).get("acceptedNames") or {}
    return list(_names(names, "status.acceptedNames"))


def _spec(spec: Object, *, check_ca: bool, crowded: frozenset[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    group, scope, versions = spec.get("group") or "", spec.get("scope") or "", spec.get("versions") or []
    if not group:
        errors.append(required("spec.group"))
    elif problems := dns1123_subdomain(group):
        errors.append(invalid("spec.group", group, ",".join(problems)))
    elif "." not in group:
        errors.append(invalid("spec.group", group, "should be a domain with at least one dot"))
    errors += _enum(scope, ("Cluster", "Namespaced"), "spec.scope")
    if (spec.get("validation") or {}).get("openAPIV3Schema") is None:
        errors += [
            required(f"spec.versions[{index}].schema.openAPIV3Schema")
            for index, version in enumerate(versions)
            if (version.get("schema") or {}).get("openAPIV3Schema") is None
        ]
    schemas = [spec.get("validation"), *(version.get("schema") for version in versions)]
    if spec.get("preserveUnknownFields") and any(_has_defaults(schema) for schema in schemas if schema):
        detail = "must be false in order to use defaults in the schema"
        errors.append(invalid("spec.preserveUnknownFields", value=True, detail=detail))
    errors += _versions(spec, versions, crowded)
    errors += _named(spec)
    any_status = any((holder.get("subresources") or {}).get("status") is not None for holder in [spec, *versions])
    errors += validate_schema(spec.get("validation"), "spec.validation", status_enabled=any_status)
    errors += validate_subresources(spec.get("subresources"), "spec.subresources")
    errors += validate_columns(spec.get("additionalPrinterColumns"), "spec.additionalPrinterColumns")
    if fields := spec.get("selectableFields"):
        schema = spec.get("validation")
        if schema is None:
            errors.append(invalid("spec.selectableFields", "", "may only be set when validations.schema is included"))
        else:
            found = schema.get("openAPIV3Schema") or {}
            errors += validate_selectable_fields(fields, found, "spec.selectableFields", unlimited="" in crowded)
    return errors + validate_conversion(spec, check_ca=check_ca)


def _versions(spec: Object, versions: list[Object], crowded: frozenset[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    names = [version.get("name") or "" for version in versions]
    own_subresources = any(version.get("subresources") is not None for version in versions)
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        if problems := dns1035_label(names[index]):
            errors.append(invalid(f"{path}.name", names[index], ",".join(problems)))
        subresources = (version if own_subresources else spec).get("subresources") or {}
        status_enabled = subresources.get("status") is not None
        errors += _version(version, path, status_enabled=status_enabled, unlimited=names[index] in crowded)
    if len(set(names)) < len(names):
        errors.append(invalid("spec.versions", go_versions(versions), "must contain unique version names"))
    if sum(1 for version in versions if version.get("storage")) != 1:
        detail = "must have exactly one version marked as storage version"
        errors.append(invalid("spec.versions", go_versions(versions), detail))
    if names and names[0] and (problems := dns1035_label(names[0])):
        errors.append(invalid("spec.version", names[0], ",".join(problems)))
    return errors


def _version(version: Object, path: str, *, status_enabled: bool, unlimited: bool) -> list[FieldError]:
    text = version.get("deprecationWarning")
    at = f"{path}.deprecationWarning"
    errors = [
        invalid(at, text, problem)
        for problem in _deprecation_problems(text, deprecated=bool(version.get("deprecated")))
    ]
    errors += validate_schema(version.get("schema"), f"{path}.schema", status_enabled=status_enabled)
    errors += validate_subresources(version.get("subresources"), f"{path}.subresources")
    errors += validate_columns(version.get("additionalPrinterColumns"), f"{path}.additionalPrinterColumns")
    if fields := version.get("selectableFields"):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
            errors.append(invalid(f"{path}.selectableFields", "", detail))
        else:
            errors += validate_selectable_fields(fields, schema, f"{path}.selectableFields", unlimited=unlimited)
    return errors


def _deprecation_problems(text: str | None, *, deprecated: bool) -> list[str]:
    if text is None:
        return []
    if not deprecated:
        return ["can only be set for deprecated versions"]
    problems = []
    if len(text.encode()) > DEPRECATION_CHARACTERS_MAX:
        problems.append(f"must be <= {DEPRECATION_CHARACTERS_MAX} characters long")
    if not text:
        problems.append("must not be an empty string")
    position = 0
    for char in text:
        if not char.isprintable():
            rule = "must only contain printable UTF-8 characters"
            problems.append(f"{rule}; non-printable character found at index {position}")
            break
        position += len(char.encode())
    return problems


def _named(spec: Object) -> list[FieldError]:
    names = spec.get("names") or {}
    wanted = ("plural", "singular", "kind", "listKind")
    errors = [required(f"spec.names.{name}") for name in wanted if not names.get(name)]
    return [*errors, *_names(names, "spec.names")]


def _names(names: Object, path: str) -> list[FieldError]:
    errors = []
    mixed = "may have mixed case, but should otherwise match: "
    for key in ("plural", "singular", "kind", "listKind"):
        name = names.get(key) or ""
        is_kind = key in ("kind", "listKind")
        if name and (problems := dns1035_label(name.lower() if is_kind else name)):
            errors.append(invalid(f"{path}.{key}", name, (mixed if is_kind else "") + ",".join(problems)))
    errors += _labels(names.get("shortNames") or (), f"{path}.shortNames")
    if names.get("kind") and names["kind"] == names.get("listKind"):
        errors.append(invalid(f"{path}.listKind", names["listKind"], "kind and listKind may not be the same"))
    return errors + _labels(names.get("categories") or (), f"{path}.categories")


def _labels(values: Any, path: str) -> list[FieldError]:
    return [
        invalid(f"{path}[{index}]", value, ",".join(problems))
        for index, value in enumerate(values)
        if (problems := dns1035_label(value or ""))
    ]


def _enum(value: str, accepted: tuple[str, ...], path: str) -> list[FieldError]:
    if not value:
        return [required(path)]
    return [] if value in accepted else [not_supported(path, value, accepted)]


def _has_defaults(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_has_defaults(item) for item in schema)
    if not isinstance(schema, dict):
        return False
    return schema.get("default") is not None or any(
        _has_defaults(item) for key, item in schema.items() if key not in ("default", "example", "enum")
    )


def _stored_versions(crd: Object) -> list[FieldError]:
    path = "status.storedVersions"
    stored = (crd.get("status") or {}).get("storedVersions") or []
    if not stored:
        return [invalid(path, None, "must have at least one stored version")]
    versions = (crd.get("spec") or {}).get("versions") or []
    names = [version.get("name") or "" for version in versions]
    errors = [
        invalid(path, stored, f"must have the storage version {name}")
        for name, version in zip(names, versions, strict=True)
        if version.get("storage") and name not in stored
    ]
    for index, name in enumerate(stored):
        if name in names or name in stored[index + 1 :]:
            continue
        detail = (
            f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions "
            f"until a storage migration ensures no data remains persisted in {name} and removes {name} from "
            "status.storedVersions"
        )
        errors.append(invalid(f"{path}[{index}]", name, detail))
    return errors


def _crowded(spec: Object, before: Object) -> frozenset[str]:
    """Versions ("" for all of them) that had too many selectable fields already, and have the same ones."""
    old = {version.get("name"): version.get("selectableFields") or [] for version in before.get("versions") or ()}
    old[""] = before.get("selectableFields") or []
    new = {version.get("name"): version.get("selectableFields") or [] for version in spec.get("versions") or ()}
    new[""] = spec.get("selectableFields") or []
    return frozenset(name or "" for name, fields in new.items() if fields and old.get(name) == fields)


# -- approval of Kubernetes' own groups


def is_protected(group: str) -> bool:
    """Whether a group belongs to the Kubernetes community."""
    return group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))


def approval_state(crd: Object) -> tuple[str, str]:
    """("missing" | "bypassed" | "approved" | "invalid", why), from the definition's annotation."""
    text = ((crd.get("metadata") or {}).get("annotations") or {}).get(APPROVAL_ANNOTATION) or ""
    if not text:
        return "missing", f"protected groups must have approval annotation {go_quote(APPROVAL_ANNOTATION)}, {_SEE}"
    if text.startswith("unapproved"):
        return "bypassed", f"not approved: {go_quote(text)}"
    try:
        url = urlsplit(text)
    except ValueError:
        url = urlsplit("")
    if url.scheme and url.netloc:
        return "approved", f"approved in {text}"
    what = 'with either a URL or a reason starting with "unapproved"'
    return "invalid", f"protected groups must have approval annotation {go_quote(APPROVAL_ANNOTATION)} {what}, {_SEE}"


def _approval(crd: Object, old: Object | None) -> list[FieldError]:
    if not is_protected((crd.get("spec") or {}).get("group") or ""):
        return []
    state, why = approval_state(crd)
    if old is not None and approval_state(old)[0] == state:
        return []
    path = f"metadata.annotations[{APPROVAL_ANNOTATION}]"
    if state == "invalid":
        return [invalid(path, crd["metadata"]["annotations"][APPROVAL_ANNOTATION], why)]
    return [required(path, why)] if state == "missing" else []


def _preserve(crd: Object, old: Object | None) -> list[FieldError]:
    if old is not None and (old.get("spec") or {}).get("preserveUnknownFields"):
        return []
    if not (crd.get("spec") or {}).get("preserveUnknownFields"):
        return []
    detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    return [invalid("spec.preserveUnknownFields", value=True, detail=detail)]
