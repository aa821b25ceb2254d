"""PersistentVolumeClaimSpec: in a claim, in a pod's ephemeral volume, in a StatefulSet's claim templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import dns1123_subdomain, name_is_dns_label
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
_DEFAULT_GROUP = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"


def validate_claim_spec(
    spec: Object, path: str, *, allow_invalid_selector: bool = False, allow_invalid_api_group: bool = False
) -> list[FieldError]:
    modes = spec.get("accessModes") or []
    errors = [] if modes else [required(f"{path}.accessModes", "at least 1 access mode is required")]
    errors += validate_selector(spec.get("selector"), f"{path}.selector", allow_invalid_values=allow_invalid_selector)
    errors += validate_access_modes(modes, f"{path}.accessModes")
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.append(required(f"{path}.resources[storage]"))
    elif parse(storage).sign <= 0:
        errors.append(invalid(f"{path}.resources[storage]", storage, "must be greater than zero"))
    errors += _class_name(spec.get("storageClassName"), f"{path}.storageClassName")
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        errors.append(not_supported(f"{path}.volumeMode", mode, VOLUME_MODES))
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    for name, value in (("dataSource", source), ("dataSourceRef", reference)):
        if value is not None:
            errors += _data_source(value, f"{path}.{name}", allow_invalid_api_group=allow_invalid_api_group)
    errors += _both_sources(source, reference, path)
    return errors + _class_name(spec.get("volumeAttributesClassName"), f"{path}.volumeAttributesClassName")


def validate_access_modes(modes: list[str], path: str) -> list[FieldError]:
    errors = [not_supported(path, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        errors.append(forbidden(path, "may not use ReadWriteOncePod with other access modes"))
    return errors


def _class_name(name: str | None, path: str) -> list[FieldError]:
    return [invalid(path, name, message) for message in dns1123_subdomain(name)] if name else []


def _data_source(source: Object, path: str, *, allow_invalid_api_group: bool) -> list[FieldError]:
    errors = [required(f"{path}.{name}") for name in ("name", "kind") if not source.get(name)]
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    if not group and kind != "PersistentVolumeClaim":
        errors.append(invalid(path, kind, _DEFAULT_GROUP))
    if group and not allow_invalid_api_group:
        errors += [invalid(f"{path}.apiGroup", group, message) for message in dns1123_subdomain(group)]
    if namespace := source.get("namespace"):
        errors += [invalid(f"{path}.namespace", namespace, message) for message in name_is_dns_label(namespace)]
    return errors


def _both_sources(source: Object | None, reference: Object | None, path: str) -> list[FieldError]:
    """Upstream prints the path of dataSource as an empty object."""
    if source is None or reference is None:
        return []
    if reference.get("namespace"):
        return [invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")]
    names = ("apiGroup", "kind", "name")
    if [source.get(name) for name in names] != [reference.get(name) for name in names]:
        return [invalid(path, {}, "must match dataSourceRef")]
    return []
