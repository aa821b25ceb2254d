"""Volumes: exactly one source each, unique names, and the rules of every kind of source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.claim_spec import validate_claim_spec
from steersman.api.core.podspec.validation import legacy_volumes as legacy
from steersman.api.core.podspec.validation.common import (
    file_mode,
    file_user,
    label,
    no_backsteps,
    one_of,
    one_of_required,
    only_labels_and_annotations,
)
from steersman.api.core.podspec.validation.files import validate_downward_file, validate_key_to_path
from steersman.api.core.podspec.validation.projected import validate_projected
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, required, too_long
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import dns1123_subdomain
from steersman.api.meta.object_meta import validate_annotations
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

    Rule = Callable[[Object, str], list[FieldError]]

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip


def validate_volumes(
    volumes: Sequence[Object], pod_name: str, path: str, options: Options
) -> tuple[dict[str, Object], list[FieldError]]:
    """The valid volumes by name, and the errors. `pod_name` is empty for templates."""
    errors: list[FieldError] = []
    valid: dict[str, Object] = {}
    generated = {
        f"{pod_name}-{volume.get('name') or ''}"
        for volume in volumes
        if pod_name and volume.get("ephemeral") is not None
    }
    for index, volume in enumerate(volumes):
        at = f"{path}[{index}]"
        name = volume.get("name") or ""
        found = _validate_source(volume, name, pod_name, at, options)
        found += label(name, f"{at}.name") if name else [required(f"{at}.name")]
        if name in valid:
            found.append(duplicate(f"{at}.name", name))
        if found:
            errors += found
        else:
            valid[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName") or ""
        if claim in generated:
            detail = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{at}.persistentVolumeClaim.claimName", claim, detail))
    return valid, errors


def _validate_source(volume: Object, name: str, pod_name: str, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    count = 0
    for field, shown, shown_inside, rule in _sources(name, pod_name, path, options):
        source = volume.get(field)
        if source is None:
            continue
        if count:
            errors.append(forbidden(f"{path}.{shown}", "may not specify more than 1 volume type"))
        else:
            count = 1
            errors += rule(source, f"{path}.{shown_inside}")
        if field == "iscsi":
            errors += _iscsi_name_length(source, name, path)
    if not count:
        errors.append(required(path, "must specify a volume type"))
    return errors


def _sources(name: str, pod_name: str, path: str, options: Options) -> tuple[tuple[str, str, str, Rule], ...]:
    """(field, its name in "more than one" errors, its name in its own errors, rule), in the order of checking.

    Upstream spells some of the names unlike the field.
    """

    def plain(field: str, rule: Rule) -> tuple[str, str, str, Rule]:
        return field, field, field, rule

    def ephemeral(source: Object, at: str) -> list[FieldError]:
        return _ephemeral(source, at) + _generated_claim_name(name, pod_name, path)

    return (
        plain("emptyDir", _empty_dir),
        plain("hostPath", host_path),
        plain("gitRepo", legacy.git_repo),
        ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", legacy.gce_disk),
        plain("awsElasticBlockStore", legacy.aws_disk),
        plain("secret", _secret),
        plain("nfs", legacy.nfs),
        plain("iscsi", legacy.iscsi),
        plain("glusterfs", legacy.glusterfs),
        plain("flocker", legacy.flocker),
        plain("persistentVolumeClaim", _claim),
        plain("rbd", legacy.rbd),
        plain("cinder", legacy.cinder),
        ("cephfs", "cephFS", "cephfs", legacy.ceph_fs),
        plain("quobyte", legacy.quobyte),
        ("downwardAPI", "downwarAPI", "downwardAPI", _downward_api),
        plain("fc", legacy.fibre_channel),
        plain("flexVolume", legacy.flex),
        plain("configMap", _config_map),
        plain("azureFile", legacy.azure_file),
        plain("vsphereVolume", legacy.vsphere),
        plain("photonPersistentDisk", legacy.photon),
        plain("portworxVolume", legacy.portworx),
        plain("azureDisk", legacy.azure_disk),
        plain("storageos", legacy.storage_os),
        plain("projected", lambda source, at: validate_projected(source, at, options)),
        plain("scaleIO", legacy.scale_io),
        plain("csi", _csi),
        plain("ephemeral", ephemeral),
        plain("image", lambda source, at: _image(source, at, options)),
    )


def _iscsi_name_length(source: Object, name: str, path: str) -> list[FieldError]:
    if source.get("initiatorName") is None or len(f"{name}:{source.get('targetPortal') or ''}") <= 64:
        return []
    return [invalid(f"{path}.name", name, legacy.ISCSI_NAME_TOO_LONG)]


def _generated_claim_name(name: str, pod_name: str, path: str) -> list[FieldError]:
    if not pod_name or not name:
        return []
    claim = f"{pod_name}-{name}"
    return [invalid(f"{path}.name", name, f'PVC name "{claim}": {message}') for message in dns1123_subdomain(claim)]


def _empty_dir(source: Object, path: str) -> list[FieldError]:
    errors = []
    if source.get("sizeLimit") is not None and parse(source["sizeLimit"]).sign < 0:
        errors.append(forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity"))
    mode = source.get("mode")
    if mode is not None and not 0 <= mode <= 0o1777:
        detail = "must be a number between 0 and 01777 (octal), both inclusive"
        errors.append(invalid(f"{path}.mode", mode, detail))
    return errors


def host_path(source: Object, path: str) -> list[FieldError]:
    if not source.get("path"):
        return [required(f"{path}.path")]
    errors = no_backsteps(source["path"], f"{path}.path")
    if source.get("type") is not None:
        errors += one_of(source["type"], f"{path}.type", _HOST_PATH_TYPES)
    return errors


def _secret(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("secretName") else [required(f"{path}.secretName")]
    return errors + _files(source, path)


def _config_map(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("name") else [required(f"{path}.name")]
    return errors + _files(source, path)


def _files(source: Object, path: str) -> list[FieldError]:
    errors = file_mode(source.get("defaultMode"), f"{path}.defaultMode")
    errors += file_user(source.get("defaultUser"), f"{path}.defaultUser")
    for index, item in enumerate(source.get("items") or ()):
        errors += validate_key_to_path(item, f"{path}.items[{index}]")
    return errors


def _claim(source: Object, path: str) -> list[FieldError]:
    return [] if source.get("claimName") else [required(f"{path}.claimName")]


def _downward_api(source: Object, path: str) -> list[FieldError]:
    errors = file_mode(source.get("defaultMode"), f"{path}.defaultMode")
    errors += file_user(source.get("defaultUser"), f"{path}.defaultUser")
    for item in source.get("items") or ():
        errors += validate_downward_file(item, path)  # upstream names no index
    return errors


def validate_csi_driver_name(driver: str, path: str) -> list[FieldError]:
    if not driver:
        return [required(path)]
    errors = [too_long(path, 63)] if len(driver.encode()) > 63 else []
    return errors + [invalid(path, driver, message) for message in dns1123_subdomain(driver.lower())]


def _csi(source: Object, path: str) -> list[FieldError]:
    errors = validate_csi_driver_name(source.get("driver") or "", f"{path}.driver")
    secret = source.get("nodePublishSecretRef")
    if secret is not None:
        name = secret.get("name") or ""
        if name:
            errors += [invalid(f"{path}.name", name, message) for message in dns1123_subdomain(name)]
        else:
            errors.append(required(f"{path}.nodePublishSecretRef.name"))
    return errors


def _ephemeral(source: Object, path: str) -> list[FieldError]:
    template = source.get("volumeClaimTemplate")
    at = f"{path}.volumeClaimTemplate"
    if template is None:
        return [required(at)]
    metadata = template.get("metadata") or {}
    errors = validate_annotations(metadata.get("annotations"), f"{at}.metadata.annotations")
    errors += validate_labels(metadata.get("labels"), f"{at}.metadata.labels")
    errors += only_labels_and_annotations(metadata, f"{at}.metadata")
    return errors + validate_claim_spec(template.get("spec") or {}, f"{at}.spec")


def _image(source: Object, path: str, options: Options) -> list[FieldError]:
    errors = []
    if not source.get("reference") and not options.allow_empty_image_reference:
        errors.append(required(f"{path}.reference"))
    return errors + one_of_required(source.get("pullPolicy") or "", f"{path}.pullPolicy", PULL_POLICIES)
