"""Where containers see volumes: mounts (files) and devices (blocks)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import local_descending_path, one_of
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, not_found, not_supported, required

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")
_BIND_OPTIONS = ("nodev", "noexec", "nosuid")


def validate_mounts(container: Object, volumes: Mapping[str, Object], path: str) -> list[FieldError]:
    """`path` is that of the list; upstream names it, not the item, for some rules."""
    errors: list[FieldError] = []
    devices = {device.get("name") or "": device.get("devicePath") or "" for device in _devices(container)}
    seen: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        at, name, mount_path = f"{path}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            errors.append(required(f"{at}.name"))
        if name not in volumes:
            errors.append(not_found(f"{at}.name", name))
        if not mount_path:
            errors.append(required(f"{at}.mountPath"))
        if mount_path in seen:
            errors.append(invalid(f"{at}.mountPath", mount_path, "must be unique"))
        seen.add(mount_path)
        if name in devices:
            errors.append(invalid(f"{at}.name", name, "must not already exist in volumeDevices"))
        if mount_path in devices.values():
            detail = "must not already exist as a path in volumeDevices"
            errors.append(invalid(f"{at}.mountPath", mount_path, detail))
        errors += _sub_paths(mount, at, path)
        errors += _propagation(mount, container, f"{path}.mountPropagation")
        errors += _recursive_read_only(mount, f"{path}.recursiveReadOnly")
        errors += _bind_options(mount, volumes, f"{at}.bindMountOptions")
    return errors


def _sub_paths(mount: Object, path: str, list_path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    sub_path, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    if sub_path:
        errors += local_descending_path(sub_path, f"{list_path}.subPath")
    if expression:
        if sub_path:
            detail = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(f"{path}.subPathExpr", expression, detail))
        errors += local_descending_path(expression, f"{list_path}.subPathExpr")
    return errors


def _propagation(mount: Object, container: Object, path: str) -> list[FieldError]:
    propagation = mount.get("mountPropagation")
    if propagation is None:
        return []
    errors = one_of(propagation, path, _PROPAGATIONS)
    if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        detail = "Bidirectional mount propagation is available only to privileged containers"
        errors.append(forbidden(path, detail))
    return errors


def _recursive_read_only(mount: Object, path: str) -> list[FieldError]:
    mode = mount.get("recursiveReadOnly")
    if mode is None or mode == "Disabled":
        return []
    if mode not in _RECURSIVE_READ_ONLY:
        return [not_supported(path, mode, _RECURSIVE_READ_ONLY)]
    errors = []
    if not mount.get("readOnly"):
        errors.append(forbidden(path, "may only be specified when readOnly is true"))
    if mount.get("mountPropagation") not in (None, "None"):
        detail = "may only be specified when mountPropagation is None or not specified"
        errors.append(forbidden(path, detail))
    return errors


def _bind_options(mount: Object, volumes: Mapping[str, Object], path: str) -> list[FieldError]:
    options = mount.get("bindMountOptions") or []
    errors: list[FieldError] = []
    for index, option in enumerate(options):
        errors += one_of(option, f"{path}[{index}]", _BIND_OPTIONS)
        if option in options[:index]:
            errors.append(duplicate(f"{path}[{index}]", option))
    if options and (volumes.get(mount.get("name") or "") or {}).get("image") is not None:
        errors.append(invalid(path, options, "bindMountOptions may not be used with image volumes"))
    return errors


def _devices(container: Object) -> Sequence[Object]:
    return container.get("volumeDevices") or ()


def validate_devices(container: Object, volumes: Mapping[str, Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    mounts = {m.get("name") or "": m.get("mountPath") or "" for m in container.get("volumeMounts") or ()}
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in enumerate(_devices(container)):
        at, name, device_path = f"{path}[{index}]", device.get("name") or "", device.get("devicePath") or ""
        if not name:
            errors.append(required(f"{at}.name"))
        if name in names:
            errors.append(invalid(f"{at}.name", name, "must be unique"))
        volume = volumes.get(name)
        if volume is None:
            errors.append(not_found(f"{at}.name", name))
        elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            errors.append(invalid(f"{at}.name", name, detail))
        if not device_path:
            errors.append(required(f"{at}.devicePath"))
        if device_path in paths:
            errors.append(invalid(f"{at}.devicePath", device_path, "must be unique"))
        if ".." in device_path.split("/"):
            errors.append(invalid(f"{at}.devicePath", device_path, "can not contain backsteps ('..')"))
        else:
            paths.add(device_path)
        if name in mounts:
            errors.append(invalid(f"{at}.name", name, "must not already exist in volumeMounts"))
        if device_path in mounts.values():
            detail = "must not already exist as a path in volumeMounts"
            errors.append(invalid(f"{at}.devicePath", device_path, detail))
        if name:
            names.add(name)
    return errors
