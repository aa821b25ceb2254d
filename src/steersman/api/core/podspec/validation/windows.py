"""What is special about Windows pods, and what Linux and Windows pods may not set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each
from steersman.api.core.podspec.walk import containers_with_paths
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.names import byte_length, dns1123_subdomain

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_CREDENTIAL_SPEC_KIB_MAX = 64
_DOMAIN_MAX = 256
_USER_MAX = 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NET_BIOS = re.compile(r"""[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}""")
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_BAD_USER = re.compile(r"""["/\\:;|=,+*?<>@\[\]]""")
_DOTS_AND_SPACES = re.compile(r"[. ]+")
_LINUX_POD_FIELDS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_LINUX_CONTAINER_FIELDS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_NOT_FOR_WINDOWS = "cannot be set for a windows pod"
_NOT_FOR_LINUX = "windows options cannot be set for a linux pod"


def validate_windows_options(options: Object | None, path: str) -> list[FieldError]:
    if options is None:
        return []
    errors: list[FieldError] = []
    if (name := options.get("gmsaCredentialSpecName")) is not None:
        errors += each(f"{path}.gmsaCredentialSpecName", name, dns1123_subdomain(name))
    if (credentials := options.get("gmsaCredentialSpec")) is not None:
        at = f"{path}.gmsaCredentialSpec"
        if not credentials:
            errors.append(invalid(at, credentials, "gmsaCredentialSpec cannot be an empty string"))
        elif byte_length(credentials) > _CREDENTIAL_SPEC_KIB_MAX * 1024:
            detail = f"gmsaCredentialSpec size must be under {_CREDENTIAL_SPEC_KIB_MAX} KiB"
            errors.append(invalid(at, credentials, detail))
    if (user := options.get("runAsUserName")) is not None:
        errors += each(f"{path}.runAsUserName", user, _user_name_problems(user))
    return errors


def _user_name_problems(name: str) -> list[str]:
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    problems = []
    if byte_length(domain) >= _DOMAIN_MAX:
        problems.append(f"runAsUserName's Domain length must be under {_DOMAIN_MAX} characters")
    if backslash and not _NET_BIOS.fullmatch(domain) and not _DNS.fullmatch(domain):
        problems.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        problems.append("runAsUserName's User cannot be empty")
    elif byte_length(user) > _USER_MAX:
        problems.append(f"runAsUserName's User length must not be longer than {_USER_MAX} characters")
    if _DOTS_AND_SPACES.fullmatch(user):
        problems.append("runAsUserName's User cannot contain only periods or spaces")
    if _BAD_USER.search(user):
        problems.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return problems


def validate_host_process(spec: Object, path: str) -> list[FieldError]:
    """Either all containers run as host processes, in the host's network, or none."""
    errors: list[FieldError] = []
    pod = _host_process(spec)
    count = on_host = 0
    for container, at in containers_with_paths(spec, path):
        count += 1
        own = _host_process(container)
        if pod is not None and own is not None and pod != own:
            shown = "true" if pod else "false"
            detail = f"pod hostProcess value must be identical if both are specified, was {shown}"
            errors.append(invalid(f"{at}.securityContext.windowsOptions.hostProcess", own, detail))
        on_host += bool(pod if own is None else own)
    if on_host and on_host != count:
        detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        errors.append(invalid(path, "", detail))
    if on_host and not spec.get("hostNetwork"):
        detail = "hostNetwork must be true if pod contains any hostProcess containers"
        errors.append(invalid(f"{path}.hostNetwork", False, detail))
    return errors


def _host_process(holder: Object) -> bool | None:
    options = (holder.get("securityContext") or {}).get("windowsOptions") or {}
    value: bool | None = options.get("hostProcess")
    return value


def validate_os(spec: Object, path: str) -> list[FieldError]:
    """Only what an operating system knows may be set."""
    if spec.get("os") is None:
        return []
    name = spec["os"].get("name") or ""
    if not name:
        return [required(f"{path}.os.name")]
    if name not in ("linux", "windows"):
        return [not_supported(f"{path}.os", name, ("linux", "windows"))]
    return _linux(spec, path) if name == "linux" else _windows(spec, path)


def _linux(spec: Object, path: str) -> list[FieldError]:
    holders = [(spec, path), *containers_with_paths(spec, path)]
    return [
        forbidden(f"{at}.securityContext.windowsOptions", _NOT_FOR_LINUX)
        for holder, at in holders
        if (holder.get("securityContext") or {}).get("windowsOptions") is not None
    ]


def _windows(spec: Object, path: str) -> list[FieldError]:
    errors = _set_fields(spec.get("securityContext") or {}, _LINUX_POD_FIELDS, f"{path}.securityContext")
    for name, is_set in (
        ("hostUsers", spec.get("hostUsers") is not None),
        ("hostPID", spec.get("hostPID")),
        ("hostIPC", spec.get("hostIPC")),
        ("shareProcessNamespace", spec.get("shareProcessNamespace") is not None),
    ):
        if is_set:
            errors.append(forbidden(f"{path}.{name}", _NOT_FOR_WINDOWS))
    for container, at in containers_with_paths(spec, path):
        context = container.get("securityContext") or {}
        errors += _set_fields(context, _LINUX_CONTAINER_FIELDS, f"{at}.securityContext")
    return errors


def _set_fields(context: Object, names: tuple[str, ...], path: str) -> list[FieldError]:
    return [
        forbidden(f"{path}.{name}", _NOT_FOR_WINDOWS)
        for name in names
        if context.get(name) is not None and context[name] != []
    ]
