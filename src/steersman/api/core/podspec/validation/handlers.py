"""Probes and lifecycle hooks: one action each, and the limits around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, one_of, port_number_or_name
from steersman.api.errors import FieldError, forbidden, invalid, required
from steersman.api.meta.names import http_header_name
from steersman.api.meta.object_meta import nonnegative

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBE_ACTIONS = _ACTIONS[:4]
_HOOK_ACTIONS = ("exec", "httpGet", "tcpSocket", "sleep")
_SECONDS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_WINDOWS_SIGNALS = ("SIGKILL", "SIGTERM")
_LINUX_SIGNALS = tuple(
    sorted(
        f"SIG{name}"
        for name in (
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT",
            "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM",
            "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU",
            "XFSZ", "RTMIN", "RTMAX",
            *(f"RTMIN+{number}" for number in range(1, 16)),
            *(f"RTMAX-{number}" for number in range(1, 15)),
        )
    )
)  # fmt: skip


def validate_probes(container: Object, path: str, grace_s: int | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        at = f"{path}.{name}"
        errors += _validate_probe(probe, at, grace_s)
        if name == "readinessProbe":
            if (seconds := probe.get("terminationGracePeriodSeconds")) is not None:
                detail = "must not be set for readinessProbes"
                errors.append(invalid(f"{at}.terminationGracePeriodSeconds", seconds, detail))
        elif (probe.get("successThreshold") or 0) != 1:
            errors.append(invalid(f"{at}.successThreshold", probe.get("successThreshold") or 0, "must be 1"))
    return errors


def _validate_probe(probe: Object, path: str, grace_s: int | None) -> list[FieldError]:
    errors = _validate_handler(probe, path, _PROBE_ACTIONS, grace_s)
    for name in _SECONDS:
        errors += nonnegative(probe.get(name) or 0, f"{path}.{name}")
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", seconds, "must be greater than 0"))
    return errors


def validate_lifecycle(lifecycle: Object, path: str, grace_s: int | None, os: Object | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            errors += _validate_handler(lifecycle[name], f"{path}.{name}", _HOOK_ACTIONS, grace_s)
    if (signal := lifecycle.get("stopSignal")) is not None:
        errors += _validate_stop_signal(signal, f"{path}.stopSignal", os)
    return errors


def _validate_stop_signal(signal: str, path: str, os: Object | None) -> list[FieldError]:
    if os is None:
        return [forbidden(path, "may not be set for containers with empty `spec.os.name`")]
    if os.get("name") == "windows":
        return one_of(signal, path, _WINDOWS_SIGNALS)
    return one_of(signal, path, _LINUX_SIGNALS) if os.get("name") == "linux" else []


def _validate_handler(handler: Object, path: str, actions: tuple[str, ...], grace_s: int | None) -> list[FieldError]:
    errors: list[FieldError] = []
    count = 0
    for name in actions:
        action = handler.get(name)
        if action is None:
            continue
        at = f"{path}.{name}"
        if count:
            errors.append(forbidden(at, "may not specify more than 1 handler type"))
            continue
        count = 1
        match name:
            case "exec":
                errors += [] if action.get("command") else [required(f"{at}.command")]
            case "httpGet":
                errors += _validate_http(action, at)
            case "tcpSocket":
                errors += port_number_or_name(action.get("port") or 0, f"{at}.port")
            case "grpc":
                errors += port_number_or_name(action.get("port") or 0, f"{at}.port")
                if action.get("mode") is not None:
                    errors += one_of(action["mode"], f"{at}.mode", ("Plaintext", "TLS"))
            case _:
                errors += _validate_sleep(action, at, grace_s)
    if not count:
        errors.append(required(path, "must specify a handler type"))
    return errors


def _validate_sleep(action: Object, path: str, grace_s: int | None) -> list[FieldError]:
    seconds = action.get("seconds") or 0
    if grace_s is None or 0 <= seconds <= grace_s:
        return []
    detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_s})"
    return [invalid(path, seconds, detail)]


def _validate_http(action: Object, path: str) -> list[FieldError]:
    errors = [] if action.get("path") else [required(f"{path}.path")]
    port = action.get("port")
    errors += port_number_or_name(0 if port is None else port, f"{path}.port")
    errors += one_of(action.get("scheme") or "", f"{path}.scheme", ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or ():
        name = header.get("name") or ""
        errors += each(f"{path}.httpHeaders", name, http_header_name(name))
    protocol = action.get("protocol")
    if protocol is None:
        return errors
    if protocol not in ("HTTP1", "HTTP2"):
        return errors + one_of(protocol, f"{path}.protocol", ("HTTP1", "HTTP2"))
    if protocol == "HTTP2" and action.get("scheme") != "HTTP":
        errors.append(invalid(f"{path}.protocol", protocol, "is only supported with HTTP (H2C)"))
    elif protocol == "HTTP2" and action.get("host"):
        errors.append(invalid(f"{path}.host", action["host"], 'must be empty when `protocol` is "HTTP2"'))
    return errors
