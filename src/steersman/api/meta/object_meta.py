"""metadata: the rules that hold for every object (apimachinery pkg/api/validation/objectmeta.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.errors import FieldError, forbidden, go_quote, invalid, not_supported, required, too_long
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import byte_length, name_is_dns_label, name_is_dns_subdomain, qualified_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from steersman.api.meta.types import Object

IMMUTABLE = "field is immutable"
ANNOTATIONS_BYTES_MAX = 256 * 1024
FIELD_MANAGER_BYTES_MAX = 128
SUBRESOURCE_NAME_BYTES_MAX = 256
STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})

_OWNER_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


def validate_metadata(
    obj: Object,
    *,
    namespaced: bool,
    validate_name: Callable[[str, bool], list[str]] | None = None,
    path: str = "metadata",
    standard_finalizers: bool = True,
) -> list[FieldError]:
    """Metadata of a new object, after its name has been generated.

    `validate_name(name, is_prefix)`: left out, a DNS subdomain. `standard_finalizers`: finalizers without a domain must
    be Kubernetes' own; not so for custom resources and the definitions themselves.
    """
    metadata = obj.get("metadata") or {}
    judge = validate_name or name_is_dns_subdomain
    errors: list[FieldError] = []
    if prefix := metadata.get("generateName"):
        errors += [invalid(f"{path}.generateName", prefix, message) for message in judge(prefix, True)]
    if name := metadata.get("name"):
        errors += [invalid(f"{path}.name", name, message) for message in judge(name, False)]
    else:
        errors.append(required(f"{path}.name", "name or generateName is required"))
    errors += _validate_namespace(metadata.get("namespace") or "", f"{path}.namespace", namespaced=namespaced)
    errors += nonnegative(metadata.get("generation") or 0, f"{path}.generation")
    errors += validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    errors += validate_owner_references(metadata.get("ownerReferences") or (), f"{path}.ownerReferences")
    errors += validate_finalizers(metadata.get("finalizers") or (), f"{path}.finalizers")
    errors += validate_managed_fields(metadata.get("managedFields") or (), f"{path}.managedFields")
    if standard_finalizers:
        errors += _validate_standard_finalizers(metadata, path)
    return errors


def validate_metadata_update(
    new: Object, old: Object, path: str = "metadata", *, standard_finalizers: bool = True
) -> list[FieldError]:
    """Metadata of a changed object. That resourceVersion is given is not judged here."""
    metadata, before = new.get("metadata") or {}, old.get("metadata") or {}
    errors: list[FieldError] = []
    if before.get("deletionTimestamp"):
        errors += _validate_no_new_finalizers(metadata, before, path)
    generation = metadata.get("generation") or 0
    errors += nonnegative(generation, f"{path}.generation")
    if generation < (before.get("generation") or 0):
        errors.append(invalid(f"{path}.generation", generation, "must not be decremented"))
    for name, zero in _IMMUTABLE_FIELDS:
        if (now := metadata.get(name) or zero) != (was := before.get(name) or zero):
            errors += immutable(now, was, f"{path}.{name}")
    errors += validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(metadata.get("annotations"), f"{path}.annotations")
    errors += validate_owner_references(metadata.get("ownerReferences") or (), f"{path}.ownerReferences")
    errors += validate_managed_fields(metadata.get("managedFields") or (), f"{path}.managedFields")
    if standard_finalizers:
        errors += _validate_standard_finalizers(metadata, path)
    return errors


_IMMUTABLE_FIELDS: tuple[tuple[str, Any], ...] = (
    ("name", ""),
    ("namespace", ""),
    ("uid", ""),
    ("creationTimestamp", None),
    ("deletionTimestamp", None),
    ("deletionGracePeriodSeconds", None),
)


def immutable(new: Any, old: Any, path: str) -> list[FieldError]:
    return [] if new == old else [invalid(path, new, IMMUTABLE)]


def nonnegative(value: int, path: str) -> list[FieldError]:
    return [invalid(path, value, "must be greater than or equal to 0")] if value < 0 else []


def _validate_namespace(namespace: str, path: str, *, namespaced: bool) -> list[FieldError]:
    if not namespaced:
        return [forbidden(path, "not allowed on this type")] if namespace else []
    if not namespace:
        return [required(path)]
    return [invalid(path, namespace, message) for message in name_is_dns_label(namespace)]


def validate_annotations(annotations: Mapping[str, str] | None, path: str) -> list[FieldError]:
    """Keys as of labels, whatever their case; a limit on the size of all together."""
    errors: list[FieldError] = []
    size = 0
    for key, value in (annotations or {}).items():
        if messages := qualified_name(key.lower()):
            errors += [invalid(path, key, message) for message in messages]
        size += byte_length(key) + byte_length(value)
    if size > ANNOTATIONS_BYTES_MAX:
        errors.append(too_long(path, ANNOTATIONS_BYTES_MAX))
    return errors


def validate_owner_references(references: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    controller = ""
    for index, reference in enumerate(references):
        errors += _validate_owner_reference(reference, f"{path}[{index}]")
        if reference.get("controller"):
            this = f"{reference.get('kind') or ''}/{reference.get('name') or ''}"
            if controller:
                detail = (
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {this}'
                )
                errors.append(invalid(path, [_owner_value(each) for each in references], detail))
            else:
                controller = this
    return errors


def _validate_owner_reference(reference: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    api_version = reference.get("apiVersion") or ""
    if not api_version:
        errors.append(required(f"{path}.apiVersion", "must not be empty"))
    elif api_version.count("/") > 1 or not api_version.rpartition("/")[2]:
        errors.append(invalid(f"{path}.apiVersion", api_version, "must be <group>/<version> or <version>"))
    errors += [
        required(f"{path}.{name}", "must not be empty") for name in _OWNER_FIELDS[1:4] if not reference.get(name)
    ]
    if api_version in ("v1", "/v1") and reference.get("kind") == "Event":
        detail = "/v1, Kind=Event is disallowed from being an owner"
        errors.append(invalid(path, _owner_value(reference), detail))
    return errors


def _owner_value(reference: Object) -> Object:
    """As messages show it: members in the order of the Go type."""
    shown = {name: reference.get(name) or "" for name in _OWNER_FIELDS[:4]}
    return shown | {name: reference[name] for name in _OWNER_FIELDS[4:] if reference.get(name) is not None}


def validate_finalizers(finalizers: Sequence[str], path: str) -> list[FieldError]:
    errors = [invalid(path, name, message) for name in finalizers for message in qualified_name(name)]
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.append(invalid(path, list(finalizers), detail))
    return errors


def _validate_standard_finalizers(metadata: Object, path: str) -> list[FieldError]:
    detail = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        invalid(f"{path}.finalizers[{index}]", name, detail)
        for index, name in enumerate(metadata.get("finalizers") or ())
        if "/" not in name and name not in STANDARD_FINALIZERS
    ]


def _validate_no_new_finalizers(metadata: Object, before: Object, path: str) -> list[FieldError]:
    extra = sorted(set(metadata.get("finalizers") or ()) - set(before.get("finalizers") or ()))
    if not extra:
        return []
    listed = ", ".join(map(go_quote, extra))
    detail = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
    return [forbidden(f"{path}.finalizers", detail)]


def validate_managed_fields(entries: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, entry in enumerate(entries):
        at = f"{path}[{index}]"
        operation = entry.get("operation") or ""
        if not operation:
            errors.append(required(f"{at}.operation", "must not be empty"))
        elif operation not in ("Apply", "Update"):
            errors.append(not_supported(f"{at}.operation", operation, ("Apply", "Update")))
        fields_type = entry.get("fieldsType") or ""
        if fields_type and fields_type != "FieldsV1":
            errors.append(invalid(f"{at}.fieldsType", fields_type, "must be `FieldsV1`"))
        errors += validate_field_manager(entry.get("manager") or "", f"{at}.manager")
        if byte_length(entry.get("subresource") or "") > SUBRESOURCE_NAME_BYTES_MAX:
            errors.append(too_long(f"{at}.subresource", SUBRESOURCE_NAME_BYTES_MAX))
    return errors


def validate_field_manager(manager: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if byte_length(manager) > FIELD_MANAGER_BYTES_MAX:
        errors.append(too_long(path, FIELD_MANAGER_BYTES_MAX))
    if manager.isprintable():
        return errors
    position = 0
    for char in manager:
        if not char.isprintable():
            detail = f"invalid character U+{ord(char):04X} (at position {position})"
            errors.append(invalid(path, manager, detail))
        position += byte_length(char)
    return errors
