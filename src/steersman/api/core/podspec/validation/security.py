"""Security contexts of pods and containers, seccomp and AppArmor profiles, sysctls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.core.go_types import render
from steersman.api.core.podspec.validation.common import each, local_descending_path, one_of
from steersman.api.core.podspec.validation.windows import validate_windows_options
from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required, too_long
from steersman.api.meta.names import group_id, user_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_PROC_MOUNTS = ("Default", "Unmasked")
_APP_ARMOR_PROFILE_MAX = 4095
_SYSCTL_MAX = 253
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_SYSCTL_RE = re.compile(_SYSCTL)
_IPC_SYSCTLS = frozenset(
    f"kernel.{name}"
    for name in ("sem", "shm", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "msg", "msgmax", "msgmnb", "msgmni")
)


def validate_container_security(
    context: Object | None, path: str, *, host_users: bool, options: Options
) -> list[FieldError]:
    if context is None:
        return []
    errors = _user_and_group(context, path)
    if (mount := context.get("procMount")) is not None:
        if mount not in _PROC_MOUNTS:
            errors.append(not_supported(f"{path}.procMount", mount, _PROC_MOUNTS))
        if host_users and mount == "Unmasked":
            errors.append(invalid(f"{path}.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
    errors += validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    errors += _escalation(context, path, options)
    errors += validate_windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    return errors + validate_app_armor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")


def _user_and_group(context: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, rule in (("runAsUser", user_id), ("runAsGroup", group_id)):
        if (number := context.get(name)) is not None:
            errors += each(f"{path}.{name}", number, rule(number))
    return errors


def _escalation(context: Object, path: str, options: Options) -> list[FieldError]:
    if context.get("allowPrivilegeEscalation") is not False:
        return []
    errors = []
    if context.get("privileged"):
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        errors.append(invalid(path, render("SecurityContext", context), detail))
    added = (context.get("capabilities") or {}).get("add") or ()
    if not options.allow_sys_admin_without_escalation:
        detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        shown = render("SecurityContext", context)
        errors += [invalid(path, shown, detail) for name in added if name == "CAP_SYS_ADMIN"]
    return errors


def validate_pod_security(context: Object | None, spec: Object, path: str, options: Options) -> list[FieldError]:
    if context is None:
        return []
    errors: list[FieldError] = []
    if (group := context.get("fsGroup")) is not None:
        errors += each(f"{path}.fsGroup", group, group_id(group))
    errors += _user_and_group(context, path)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        errors += each(f"{path}.supplementalGroups[{index}]", group, group_id(group))
    errors += _validate_sysctls(context.get("sysctls") or (), spec, f"{path}.sysctls", options)
    if (policy := context.get("fsGroupChangePolicy")) is not None:
        errors += one_of(policy, f"{path}.fsGroupChangePolicy", ("Always", "OnRootMismatch"))
    errors += validate_seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    errors += validate_windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    errors += validate_app_armor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")
    if (policy := context.get("supplementalGroupsPolicy")) is not None:
        errors += one_of(policy, f"{path}.supplementalGroupsPolicy", ("Merge", "Strict"))
    if (policy := context.get("seLinuxChangePolicy")) is not None:
        errors += one_of(policy, f"{path}.seLinuxChangePolicy", ("MountOption", "Recursive"))
    return errors


def validate_seccomp_profile(profile: Object | None, path: str) -> list[FieldError]:
    if profile is None:
        return []
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    errors: list[FieldError] = []
    if not kind:
        errors.append(required(f"{path}.type", "type is required when seccompProfile is set"))
    elif kind not in _PROFILE_TYPES:
        errors.append(not_supported(f"{path}.type", kind, _PROFILE_TYPES))
    at = f"{path}.localhostProfile"
    if kind == "Localhost":
        if local is None:
            errors.append(required(at, "must be set when seccomp type is Localhost"))
        else:
            errors += local_descending_path(local, at)
    elif local is not None:
        shown = render("SeccompProfile", profile)
        errors.append(invalid(at, shown, "can only be set when seccomp type is Localhost"))
    return errors


def validate_app_armor_profile(profile: Object | None, path: str) -> list[FieldError]:
    if profile is None:
        return []
    kind, local, at = profile.get("type") or "", profile.get("localhostProfile"), f"{path}.localhostProfile"
    if not kind:
        return [required(f"{path}.type", "type is required when appArmorProfile is set")]
    if kind not in _PROFILE_TYPES:
        return [not_supported(f"{path}.type", kind, _PROFILE_TYPES)]
    if kind != "Localhost":
        detail = "can only be set when AppArmor type is Localhost"
        return [] if local is None else [invalid(at, local, detail)]
    needed = required(at, "must be set when AppArmor type is Localhost")
    if local is None:
        return [needed]
    errors = []
    if local.strip() != local:
        errors.append(invalid(at, local, "must not be padded with whitespace"))
    elif not local:
        errors.append(needed)
    if len(local.encode()) > _APP_ARMOR_PROFILE_MAX:
        errors.append(too_long(at, _APP_ARMOR_PROFILE_MAX))
    return errors


def _validate_sysctls(sysctls: Sequence[Object], spec: Object, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        at, name = f"{path}[{index}].name", sysctl.get("name") or ""
        if not name:
            errors.append(required(at))
        elif len(name) > _SYSCTL_MAX or not _SYSCTL_RE.fullmatch(name):
            detail = f"must have at most {_SYSCTL_MAX} characters and match regex ^{_SYSCTL}$"
            errors.append(invalid(at, name, detail))
        elif name in seen:
            errors.append(duplicate(at, name))
        if not options.allow_namespaced_sysctls_on_host:
            errors += host_sysctl(name, spec, at)
        seen.add(name)
    return errors


def host_sysctl(name: str, spec: Object, path: str) -> list[FieldError]:
    """Kernel settings of a namespace that the pod shares with its host."""
    dotted = _dotted(name)
    if spec.get("hostNetwork") and dotted.startswith("net."):
        return [invalid(path, name, "may not be specified when 'hostNetwork' is true")]
    if spec.get("hostIPC") and (dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue.")):
        return [invalid(path, name, "may not be specified when 'hostIPC' is true")]
    return []


def _dotted(name: str) -> str:
    """With dots between the segments: slashes may be used instead, and then dots stand for slashes."""
    first = re.search(r"[./]", name)
    if first is None or first[0] == ".":
        return name
    return name.translate(str.maketrans("./", "/."))
