"""PersistentVolumeSpec: in a PersistentVolume, and inline in a VolumeAttachment.

The sources are those of pods' volumes, but that secrets and endpoints are named together with their namespaces.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from steersman.api.core.claim_spec import VOLUME_MODES, validate_access_modes
from steersman.api.core.podspec.defaults import round_up
from steersman.api.core.podspec.validation import legacy_volumes as legacy
from steersman.api.core.podspec.validation.affinity import validate_node_selector
from steersman.api.core.podspec.validation.common import each, label, no_backsteps, subdomain
from steersman.api.core.podspec.validation.volumes import host_path, validate_csi_driver_name
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.names import in_range_message, name_is_dns_label
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

    Rule = Callable[[Object, str], list[FieldError]]

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
_INLINE = "may not be specified in the context of inline volumes"
_NOT_POSITIVE = "must be greater than zero"


def default_volume_source(spec: Object) -> None:
    """What is not declared at the types: amounts in thousandths at most, the type of host paths."""
    round_up(spec.get("capacity"))
    if (source := spec.get("hostPath")) is not None:
        source.setdefault("type", "")


def validate_volume_spec(
    spec: Object, name: str, path: str, *, inline: bool = False, allow_invalid_values: bool = False
) -> list[FieldError]:
    """`name`: of the volume. `inline`: it is part of an attachment. `allow_invalid_values`: of node labels."""
    errors = _validate_inline(spec, path) if inline else []
    modes = spec.get("accessModes") or []
    if not modes:
        errors.append(required(f"{path}.accessModes"))
    errors += validate_access_modes(modes, f"{path}.accessModes")
    if not inline:
        errors += _validate_capacity(spec.get("capacity"), f"{path}.capacity")
    errors += _validate_reclaim_policy(
        spec.get("persistentVolumeReclaimPolicy") or "", f"{path}.persistentVolumeReclaimPolicy", inline=inline
    )
    errors += _validate_node_affinity(
        spec.get("nodeAffinity"), f"{path}.nodeAffinity", inline=inline, allow_invalid_values=allow_invalid_values
    )
    errors += _validate_sources(spec, name, path, inline=inline)
    policy, host = spec.get("persistentVolumeReclaimPolicy"), (spec.get("hostPath") or {}).get("path") or ""
    if policy == "Recycle" and host.startswith("/") and posixpath.normpath(f"/{host.lstrip('/')}") == "/":
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        errors.append(forbidden(f"{path}.persistentVolumeReclaimPolicy", detail))
    return errors + _validate_class_and_mode(spec, path, inline=inline)


def _validate_inline(spec: Object, path: str) -> list[FieldError]:
    errors = [forbidden(f"{path}.claimRef", _INLINE)] if spec.get("claimRef") is not None else []
    if spec.get("capacity"):
        errors.append(forbidden(f"{path}.capacity", _INLINE))
    if spec.get("csi") is None:
        errors.append(required(f"{path}.csi", "has to be specified in the context of inline volumes"))
    return errors


def _validate_capacity(capacity: Object | None, path: str) -> list[FieldError]:
    errors = [] if capacity else [required(path)]
    if set(capacity or ()) != {"storage"}:
        shown = None if capacity is None else {name: capacity[name] for name in sorted(capacity)}
        errors.append(not_supported(path, shown, ("storage",)))
    for name, text in sorted((capacity or {}).items()):
        amount = parse(text)
        if amount.value() < 0:
            errors.append(invalid(f"{path}[{name}]", amount.value(), "must be a valid resource quantity"))
        if amount.sign <= 0:
            errors.append(invalid(f"{path}[{name}]", text, _NOT_POSITIVE))
    return errors


def _validate_reclaim_policy(policy: str, path: str, *, inline: bool) -> list[FieldError]:
    if not policy:
        return []
    if inline:
        detail = "may only be Retain in the context of inline volumes"
        return [] if policy == "Retain" else [forbidden(path, detail)]
    return [] if policy in RECLAIM_POLICIES else [not_supported(path, policy, RECLAIM_POLICIES)]


def _validate_node_affinity(
    affinity: Object | None, path: str, *, inline: bool, allow_invalid_values: bool
) -> list[FieldError]:
    if affinity is None:
        return []
    if inline:
        return [forbidden(path, _INLINE)]
    selector = affinity.get("required")
    if selector is None:
        return [required(f"{path}.required", "must specify required node constraints")]
    return validate_node_selector(selector, f"{path}.required", allow_invalid_values=allow_invalid_values)


def _validate_class_and_mode(spec: Object, path: str, *, inline: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    if name := spec.get("storageClassName"):
        at = f"{path}.storageClassName"
        errors += [forbidden(at, _INLINE)] if inline else subdomain(name, at)
    mode = spec.get("volumeMode")
    if inline and mode not in (None, "Filesystem"):
        detail = "may not specify volumeMode other than Filesystem in the context of inline volumes"
        errors.append(forbidden(f"{path}.volumeMode", detail))
    if not inline and mode is not None and mode not in VOLUME_MODES:
        errors.append(not_supported(f"{path}.volumeMode", mode, VOLUME_MODES))
    attributes = spec.get("volumeAttributesClassName")
    if attributes is not None and not inline:
        at = f"{path}.volumeAttributesClassName"
        errors += subdomain(attributes, at) if attributes else [required(at, "an empty string is disallowed")]
        if spec.get("csi") is None:
            detail = "has to be specified when using volumeAttributesClassName"
            errors.append(required(f"{path}.csi", detail))
    return errors


# -- sources


def _validate_sources(spec: Object, name: str, path: str, *, inline: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    found = False
    for field, shown, shown_inside, rule in _sources(name):
        source = spec.get(field)
        if source is None:
            continue
        # Upstream has forgotten that a flexVolume may be one too many.
        if found and field != "flexVolume":
            errors.append(forbidden(f"{path}.{shown}", "may not specify more than 1 volume type"))
            continue
        found = True
        errors += rule(source, f"{path}.{shown_inside}")
        if field == "local" and (inline or spec.get("nodeAffinity") is None):
            errors.append(required(f"{path}.nodeAffinity", "Local volume requires node affinity"))
    return errors if found else [*errors, required(path, "must specify a volume type")]


def _sources(name: str) -> tuple[tuple[str, str, str, Rule], ...]:
    """(field, its name in "more than one" errors, its name in its own errors, rule), in the order of checking."""

    def plain(field: str, rule: Rule) -> tuple[str, str, str, Rule]:
        return field, field, field, rule

    return (
        plain("hostPath", host_path),
        ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", legacy.gce_disk),
        plain("awsElasticBlockStore", legacy.aws_disk),
        plain("glusterfs", _glusterfs),
        plain("flocker", legacy.flocker),
        plain("nfs", legacy.nfs),
        plain("rbd", legacy.rbd),
        plain("quobyte", legacy.quobyte),
        ("cephfs", "cephFS", "cephfs", legacy.ceph_fs),
        plain("iscsi", lambda source, at: _iscsi(source, name, at)),
        plain("cinder", lambda source, at: legacy.cinder(source, at) + _secret_namespace(source, at)),
        plain("fc", legacy.fibre_channel),
        plain("flexVolume", legacy.flex),
        plain("azureFile", _azure_file),
        plain("vsphereVolume", legacy.vsphere),
        plain("photonPersistentDisk", legacy.photon),
        plain("portworxVolume", legacy.portworx),
        plain("azureDisk", legacy.azure_disk),
        plain("scaleIO", legacy.scale_io),
        plain("local", _local),
        plain("storageos", lambda source, at: legacy.storage_os(source, at) + _secret_namespace(source, at)),
        plain("csi", _csi),
    )


def _glusterfs(source: Object, path: str) -> list[FieldError]:
    errors = legacy.glusterfs(source, path)
    namespace, at = source.get("endpointsNamespace"), f"{path}.endpointsNamespace"
    if namespace is None:
        return errors
    if not namespace:
        detail = "if the endpointnamespace is set, it must be a valid namespace name"
        return [*errors, invalid(at, namespace, detail)]
    return errors + each(at, namespace, name_is_dns_label(namespace))


def _secret_namespace(source: Object, path: str) -> list[FieldError]:
    secret = source.get("secretRef")
    return [] if secret is None or secret.get("namespace") else [required(f"{path}.secretRef.namespace")]


def _iscsi(source: Object, name: str, path: str) -> list[FieldError]:
    portal, initiator, iqn = source.get("targetPortal") or "", source.get("initiatorName"), source.get("iqn") or ""
    errors = [] if portal else [required(f"{path}.targetPortal")]
    if initiator is not None and len(f"{name}:{portal}".encode()) > 64:
        errors.append(invalid(f"{path}.targetportal", portal, legacy.ISCSI_NAME_TOO_LONG))
    errors += _iscsi_name(iqn, f"{path}.iqn") if iqn else [required(f"{path}.iqn")]
    lun, secret = source.get("lun") or 0, source.get("secretRef")
    if not 0 <= lun <= 255:
        errors.append(invalid(f"{path}.lun", lun, in_range_message(0, 255)))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and secret is None:
        errors.append(required(f"{path}.secretRef"))
    if secret is not None and not secret.get("name"):
        errors.append(required(f"{path}.secretRef.name"))
    return errors + ([] if initiator is None else _iscsi_name(initiator, f"{path}.initiatorname"))


def _iscsi_name(name: str, path: str) -> list[FieldError]:
    return [invalid(path, name, "must be valid format")] if legacy.iscsi_name(name, path) else []


def _azure_file(source: Object, path: str) -> list[FieldError]:
    errors = legacy.azure_file(source, path)
    return errors + ([required(f"{path}.secretNamespace")] if source.get("secretNamespace") == "" else [])


def _local(source: Object, path: str) -> list[FieldError]:
    place = source.get("path") or ""
    return no_backsteps(place, f"{path}.path") if place else [required(f"{path}.path")]


def _csi(source: Object, path: str) -> list[FieldError]:
    errors = validate_csi_driver_name(source.get("driver") or "", f"{path}.driver")
    if not source.get("volumeHandle"):
        errors.append(required(f"{path}.volumeHandle"))
    for field in (
        "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef",
    ):  # fmt: skip
        secret, at = source.get(field), f"{path}.{field}"
        if secret is None:
            continue
        name, namespace = secret.get("name") or "", secret.get("namespace") or ""
        errors += subdomain(name, f"{at}.name") if name else [required(f"{at}.name")]
        errors += label(namespace, f"{at}.namespace") if namespace else [required(f"{at}.namespace")]
    return errors
