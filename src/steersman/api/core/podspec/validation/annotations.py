"""Annotations that mean something for a pod: seccomp and AppArmor profiles from before they were fields, tolerations,
deletion cost, mirror pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import local_descending_path
from steersman.api.core.podspec.validation.options import DELETION_COST, deletion_cost_is_valid
from steersman.api.core.podspec.validation.scheduling import validate_tolerations
from steersman.api.core.podspec.walk import all_containers, containers_with_paths, is_windows
from steersman.api.errors import FieldError, forbidden, go_quote, invalid
from steersman.api.meta import go_json

if TYPE_CHECKING:
    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

MIRROR = "kubernetes.io/config.mirror"
APP_ARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
LOCALHOST_PREFIX = "localhost/"
_PROFILES = (APP_ARMOR_PREFIX, SECCOMP_POD, SECCOMP_CONTAINER_PREFIX)
_RUNTIME_DEFAULT = "runtime/default"
_UNCONFINED = "unconfined"
_TOLERATION = {"key": str, "operator": str, "value": str, "tolerationSeconds": int, "effect": str}


def validate_pod_annotations(annotations: Object, spec: Object, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    if MIRROR in annotations and not spec.get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        errors.append(invalid(f"{path}[{MIRROR}]", annotations[MIRROR], detail))
    if annotations.get(TOLERATIONS):
        errors += _validate_tolerations_text(annotations[TOLERATIONS], path, options)
    if not options.allow_invalid_deletion_cost and not deletion_cost_is_valid(annotations):
        errors.append(invalid(f"{path}[{DELETION_COST}]", annotations[DELETION_COST], "must be a 32bit integer"))
    if SECCOMP_POD in annotations:
        errors += _validate_seccomp(annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key in sorted(key for key in annotations if key.startswith(SECCOMP_CONTAINER_PREFIX)):
        errors += _validate_seccomp(annotations[key], f"{path}.{key}")
    profiles = sorted(key for key in annotations if key.startswith(APP_ARMOR_PREFIX))
    names = {container.get("name") or "" for container in all_containers(spec)} if profiles else set()
    for key in profiles:
        errors += _validate_app_armor(key, annotations[key], names, path)
    return errors


def _validate_tolerations_text(text: str, path: str, options: Options) -> list[FieldError]:
    try:
        tolerations = go_json.loads(text)
    except go_json.GoJsonError as error:
        return [invalid(path, TOLERATIONS, str(error))]
    if tolerations is None:
        return []
    if not isinstance(tolerations, list):
        return [invalid(path, TOLERATIONS, go_json.type_error(tolerations, "[]core.Toleration"))]
    tolerations = [{} if each is None else each for each in tolerations]
    for each in tolerations:
        if not isinstance(each, dict):
            return [invalid(path, TOLERATIONS, go_json.type_error(each, "core.Toleration"))]
        for name, kind in _TOLERATION.items():
            value = each.get(name)
            if value is not None and type(value) is not kind:
                what = f"Go struct field Toleration.{name[:1].upper()}{name[1:]} of type"
                detail = go_json.type_error(value, "int64" if kind is int else "string")
                return [invalid(path, TOLERATIONS, detail.replace("Go value of type", what))]
    return validate_tolerations(tolerations, f"{path}.{TOLERATIONS}", options)


def _validate_seccomp(profile: str, path: str) -> list[FieldError]:
    if profile in (_RUNTIME_DEFAULT, "docker/default", _UNCONFINED):
        return []
    if profile.startswith(LOCALHOST_PREFIX):
        return local_descending_path(profile.removeprefix(LOCALHOST_PREFIX), path)
    return [invalid(path, profile, "must be a valid seccomp profile")]


def _validate_app_armor(key: str, profile: str, names: set[str], path: str) -> list[FieldError]:
    errors = []
    container = key.removeprefix(APP_ARMOR_PREFIX)
    if container not in names:
        errors.append(invalid(f"{path}[{key}]", container, "container not found"))
    if profile not in ("", _RUNTIME_DEFAULT, _UNCONFINED) and not profile.startswith(LOCALHOST_PREFIX):
        detail = f"invalid AppArmor profile name: {go_quote(profile)}"
        errors.append(invalid(f"{path}[{key}]", profile, detail))
    return errors


def validate_annotation_changes(
    new: Object, old: Object, spec: Object, path: str, options: Options
) -> list[FieldError]:
    """What an update may not touch, and the rules for what it leaves."""
    errors = []
    for key in sorted(old):
        if key in new and new[key] == old[key]:
            continue
        if key.startswith(APP_ARMOR_PREFIX):
            errors.append(forbidden(f"{path}[{key}]", "may not remove or update AppArmor annotations"))
        if key == MIRROR:
            errors.append(forbidden(f"{path}[{key}]", "may not remove or update mirror pod annotation"))
    for key in sorted(set(new) - set(old)):
        if key.startswith(APP_ARMOR_PREFIX):
            errors.append(forbidden(f"{path}[{key}]", "may not add AppArmor annotations"))
        if key == MIRROR:
            errors.append(forbidden(f"{path}[{key}]", "may not add mirror pod annotation"))
    return errors + validate_pod_annotations(new, spec, path, options)


def validate_profiles_match(annotations: Object, spec: Object, path: str) -> list[FieldError]:
    """A profile that is given as annotation and as field must be the same."""
    errors: list[FieldError] = []
    if not any(key.startswith(_PROFILES) for key in annotations):
        return errors
    pod = spec.get("securityContext") or {}
    if pod.get("seccompProfile") is not None and SECCOMP_POD in annotations:
        at = f"{path}.securityContext.seccompProfile"
        errors += _seccomp_matches(annotations[SECCOMP_POD], pod["seccompProfile"], at)
    for container, at in containers_with_paths(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        key = SECCOMP_CONTAINER_PREFIX + (container.get("name") or "")
        if profile is not None and key in annotations:
            errors += _seccomp_matches(annotations[key], profile, f"{at}.securityContext.seccompProfile")
    if is_windows(spec):
        return errors
    for container, at in containers_with_paths(spec, path):
        profile = (container.get("securityContext") or {}).get("appArmorProfile") or pod.get("appArmorProfile")
        key = APP_ARMOR_PREFIX + (container.get("name") or "")
        if profile is not None and key in annotations:
            at_profile = f"{at}.securityContext.appArmorProfile"
            errors += _matches(annotations[key], profile, at_profile, "apparmor", (_RUNTIME_DEFAULT,))
    return errors


def _seccomp_matches(annotation: str, profile: Object, path: str) -> list[FieldError]:
    return _matches(annotation, profile, path, "seccomp", (_RUNTIME_DEFAULT, "docker/default"))


def _matches(annotation: str, profile: Object, path: str, what: str, defaults: tuple[str, ...]) -> list[FieldError]:
    type_differs = [forbidden(f"{path}.type", f"{what} type in annotation and field must match")]
    match profile.get("type"):
        case "Unconfined":
            return [] if annotation == _UNCONFINED else type_differs
        case "RuntimeDefault":
            return [] if annotation in defaults else type_differs
        case "Localhost":
            if not annotation.startswith(LOCALHOST_PREFIX):
                return type_differs
            if annotation.removeprefix(LOCALHOST_PREFIX) != profile.get("localhostProfile"):
                detail = f"{what} profile in annotation and field must match"
                return [forbidden(f"{path}.localhostProfile", detail)]
    return []
