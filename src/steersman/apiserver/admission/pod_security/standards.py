"""Which checks make up which level in which version of the Pod Security Standards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from steersman.apiserver.admission.pod_security import baseline, restricted
from steersman.apiserver.admission.pod_security.levels import BASELINE, LATEST, PRIVILEGED, RESTRICTED
from steersman.apiserver.admission.pod_security.words import Finding

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.pod_security.levels import LevelVersion

Check = Callable[["Object", "Object"], Finding | None]


class _Versions(NamedTuple):
    """A check through time: since which minor version it is what. `replaces`: of the baseline level."""

    id: str
    since: tuple[tuple[int, Check], ...]
    replaces: str = ""

    def at(self, minor: int) -> Check | None:
        return next((check for first, check in reversed(self.since) if first <= minor), None)


# Each level's checks stand in the order of their ids, which is the order of what they say.
_BASELINE = (
    _Versions("appArmorProfile", ((0, baseline.app_armor_profile),)),
    _Versions("capabilities_baseline", ((0, baseline.capabilities),)),
    _Versions("hostNamespaces", ((0, baseline.host_namespaces),)),
    _Versions("hostPathVolumes", ((0, baseline.host_path_volumes),)),
    _Versions("hostPorts", ((0, baseline.host_ports),)),
    _Versions("hostProbesAndHostLifecycle", ((34, baseline.host_probes_and_host_lifecycle),)),
    _Versions("privileged", ((0, baseline.privileged),)),
    _Versions("procMount", ((0, baseline.proc_mount), (35, baseline.proc_mount_35))),
    _Versions(
        "seLinuxOptions",
        (
            (0, baseline.se_linux_options(baseline.SELINUX_TYPES)),
            (31, baseline.se_linux_options(baseline.SELINUX_TYPES_31)),
        ),
    ),
    _Versions("seccompProfile_baseline", ((0, baseline.seccomp_annotations), (19, baseline.seccomp_profile))),
    _Versions(
        "sysctls",
        (
            (0, baseline.sysctls(baseline.SYSCTLS)),
            (27, baseline.sysctls(baseline.SYSCTLS_27)),
            (29, baseline.sysctls(baseline.SYSCTLS_29)),
            (32, baseline.sysctls(baseline.SYSCTLS_32)),
            (37, baseline.sysctls(baseline.SYSCTLS_37)),
        ),
    ),
    _Versions("windowsHostProcess", ((0, baseline.windows_host_process),)),
)
_RESTRICTED = (
    _Versions(
        "allowPrivilegeEscalation",
        ((8, restricted.allow_privilege_escalation), (25, restricted.allow_privilege_escalation_25)),
    ),
    _Versions(
        "capabilities_restricted",
        ((22, restricted.capabilities), (25, restricted.capabilities_25)),
        replaces="capabilities_baseline",
    ),
    _Versions("procMount_restricted", ((35, baseline.proc_mount),), replaces="procMount"),
    _Versions("restrictedVolumes", ((0, restricted.restricted_volumes),), replaces="hostPathVolumes"),
    _Versions("runAsNonRoot", ((0, restricted.run_as_non_root), (35, restricted.run_as_non_root_35))),
    _Versions("runAsUser", ((23, restricted.run_as_user), (35, restricted.run_as_user_35))),
    _Versions(
        "seccompProfile_restricted",
        ((19, restricted.seccomp_profile), (25, restricted.seccomp_profile_25)),
        replaces="seccompProfile_baseline",
    ),
)
NEWEST = max(first for versions in (*_BASELINE, *_RESTRICTED) for first, _ in versions.since)
"""The minor version in which a check last changed: later ones, and the latest, are the same."""


class Standards:
    """All versions, made once."""

    def __init__(self) -> None:
        minors = range(NEWEST + 1)
        self._checks: dict[str, tuple[tuple[Check, ...], ...]] = {
            BASELINE: tuple(_baseline_at(minor) for minor in minors),
            RESTRICTED: tuple(_restricted_at(minor) for minor in minors),
        }

    def evaluate(self, asked: LevelVersion, metadata: Object, spec: Object) -> list[Finding]:
        """What is wrong with a pod."""
        if asked.level == PRIVILEGED:
            return []
        minor = NEWEST if asked.minor == LATEST else min(asked.minor, NEWEST)
        findings = [check(metadata, spec) for check in self._checks[asked.level][minor]]
        return [finding for finding in findings if finding is not None]


def _baseline_at(minor: int, *, without: frozenset[str] = frozenset()) -> tuple[Check, ...]:
    checks = (versions.at(minor) for versions in _BASELINE if versions.id not in without)
    return tuple(check for check in checks if check is not None)


def _restricted_at(minor: int) -> tuple[Check, ...]:
    """The baseline's, without those that are replaced, and then its own."""
    own = [(versions, check) for versions in _RESTRICTED if (check := versions.at(minor)) is not None]
    replaced = frozenset(versions.replaces for versions, _ in own)
    return _baseline_at(minor, without=replaced) + tuple(check for _, check in own)
