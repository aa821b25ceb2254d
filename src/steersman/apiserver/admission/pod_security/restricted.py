"""The checks that the restricted level adds: what a hardened pod says of itself. Pure; shaped as in `baseline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.walk import all_containers
from steersman.apiserver.admission.pod_security import baseline
from steersman.apiserver.admission.pod_security.words import (
    Finding,
    containers_where,
    counted,
    in_user_namespace,
    is_windows,
    plural,
    quoted,
    security,
    setters,
)

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
)
_OTHER_VOLUMES = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
]
"""In upstream's order: of a volume with two sources the first counts."""


def allow_privilege_escalation(_metadata: Object, spec: Object) -> Finding | None:
    containers = containers_where(spec, lambda context: context.get("allowPrivilegeEscalation") is not False)
    if not containers:
        return None
    return Finding(
        "allowPrivilegeEscalation != false",
        f"{counted('container', containers)} must set securityContext.allowPrivilegeEscalation=false",
    )


def allow_privilege_escalation_25(metadata: Object, spec: Object) -> Finding | None:
    return None if is_windows(spec) else allow_privilege_escalation(metadata, spec)


def capabilities(_metadata: Object, spec: Object) -> Finding | None:
    keeping: list[str] = []
    adding: list[str] = []
    added: set[str] = set()
    for container in all_containers(spec):
        found = security(container).get("capabilities") or {}
        if "ALL" not in (found.get("drop") or ()):
            keeping.append(container.get("name", ""))
        wrong = set(found.get("add") or ()) - {"NET_BIND_SERVICE"}
        if wrong:
            adding.append(container.get("name", ""))
            added |= wrong
    details = []
    if keeping:
        details.append(f'{counted("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        details.append(
            f"{counted('container', adding)} must not include {quoted(sorted(added))} in "
            "securityContext.capabilities.add"
        )
    return Finding("unrestricted capabilities", "; ".join(details)) if details else None


def capabilities_25(metadata: Object, spec: Object) -> Finding | None:
    return None if is_windows(spec) else capabilities(metadata, spec)


def restricted_volumes(_metadata: Object, spec: Object) -> Finding | None:
    volumes: list[str] = []
    types: set[str] = set()
    for volume in spec.get("volumes") or ():
        if not any(volume.get(kind) is not None for kind in _VOLUMES):
            volumes.append(volume.get("name", ""))
            types.add(next((kind for kind in _OTHER_VOLUMES if volume.get(kind) is not None), "unknown"))
    if not volumes:
        return None
    verb = plural("uses", "use", len(volumes))
    noun = plural("restricted volume type", "restricted volume types", len(types))
    detail = f"{counted('volume', volumes)} {verb} {noun} {quoted(sorted(types))}"
    return Finding("restricted volume types", detail)


def run_as_non_root(_metadata: Object, spec: Object) -> Finding | None:
    of_pod = security(spec).get("runAsNonRoot")
    who = setters(of_pod is False, containers_where(spec, lambda context: context.get("runAsNonRoot") is False))
    if who:
        return Finding("runAsNonRoot != true", f"{who} must not set securityContext.runAsNonRoot=false")
    if of_pod:
        return None
    silent = containers_where(spec, lambda context: context.get("runAsNonRoot") is None)
    if not silent:
        return None
    return Finding(
        "runAsNonRoot != true", f"pod or {counted('container', silent)} must set securityContext.runAsNonRoot=true"
    )


def run_as_non_root_35(metadata: Object, spec: Object) -> Finding | None:
    return None if in_user_namespace(spec) else run_as_non_root(metadata, spec)


def run_as_user(_metadata: Object, spec: Object) -> Finding | None:
    def bad(context: Object) -> bool:
        return context.get("runAsUser") == 0

    who = setters(bad(security(spec)), containers_where(spec, bad))
    return Finding("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def run_as_user_35(metadata: Object, spec: Object) -> Finding | None:
    return None if in_user_namespace(spec) else run_as_user(metadata, spec)


def seccomp_profile(metadata: Object, spec: Object) -> Finding | None:
    wrong = baseline.seccomp_profile(metadata, spec)
    if wrong is not None or security(spec).get("seccompProfile") is not None:
        return wrong
    silent = containers_where(spec, lambda context: context.get("seccompProfile") is None)
    if not silent:
        return None
    return Finding(
        "seccompProfile",
        f"pod or {counted('container', silent)} must set securityContext.seccompProfile.type to "
        '"RuntimeDefault" or "Localhost"',
    )


def seccomp_profile_25(metadata: Object, spec: Object) -> Finding | None:
    return None if is_windows(spec) else seccomp_profile(metadata, spec)
