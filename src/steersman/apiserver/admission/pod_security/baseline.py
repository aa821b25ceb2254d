"""The checks of the baseline level: nothing that is known to lead out of a container. Pure.

Each takes a pod's (or pod template's) metadata and specification and gives a Finding, or None if all is well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.walk import all_containers, probes_and_handlers
from steersman.api.errors import go_quote
from steersman.apiserver.admission.pod_security.words import (
    Finding,
    containers_where,
    counted,
    in_user_namespace,
    plural,
    quoted,
    security,
    setters,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object

_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_CONFINED = frozenset({"RuntimeDefault", "Localhost"})
_DEFAULT_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
SELINUX_TYPES_31 = SELINUX_TYPES | {"container_engine_t"}
SYSCTLS = frozenset(
    [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    ]
)
SYSCTLS_27 = SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_29 = (
    SYSCTLS_27
    | {f"net.ipv4.tcp_{name}" for name in ("fin_timeout",)}
    | {f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "intvl", "probes")}
)
SYSCTLS_32 = SYSCTLS_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SYSCTLS_37 = SYSCTLS_32 | {"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"}


def app_armor_profile(metadata: Object, spec: Object) -> Finding | None:
    types: set[str] = set()

    def bad(context: Object) -> bool:
        profile = context.get("appArmorProfile")
        if profile is None or profile.get("type", "") in _CONFINED:
            return False
        types.add(profile.get("type", ""))
        return True

    pod, containers = bad(security(spec)), containers_where(spec, bad)
    annotations = sorted(
        f"{key}={go_quote(value)}"
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_APPARMOR_ANNOTATION)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    who = setters(pod, containers)
    if annotations:
        noun = plural("annotation", "annotations", len(annotations))
        who = f"{who} and {noun}" if who else noun
    if not who:
        return None
    values = [*sorted(types), *annotations]
    return Finding(
        plural("forbidden AppArmor profile", "forbidden AppArmor profiles", len(values)),
        f"{who} must not set AppArmor profile type to {quoted(values)}",
    )


def capabilities(_metadata: Object, spec: Object) -> Finding | None:
    added: set[str] = set()

    def bad(context: Object) -> bool:
        wrong = set((context.get("capabilities") or {}).get("add") or ()) - _DEFAULT_CAPABILITIES
        added.update(wrong)
        return bool(wrong)

    containers = containers_where(spec, bad)
    if not containers:
        return None
    return Finding(
        "non-default capabilities",
        f"{counted('container', containers)} must not include {quoted(sorted(added))} in "
        "securityContext.capabilities.add",
    )


def host_namespaces(_metadata: Object, spec: Object) -> Finding | None:
    used = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return Finding("host namespaces", ", ".join(used)) if used else None


def host_path_volumes(_metadata: Object, spec: Object) -> Finding | None:
    volumes = [v.get("name", "") for v in spec.get("volumes") or () if v.get("hostPath") is not None]
    return Finding("hostPath volumes", counted("volume", volumes)) if volumes else None


def host_ports(_metadata: Object, spec: Object) -> Finding | None:
    ports: set[str] = set()
    containers = []
    for container in all_containers(spec):
        used = {str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")}
        if used:
            containers.append(container.get("name", ""))
            ports |= used
    if not containers:
        return None
    verb, noun = plural("uses", "use", len(containers)), plural("hostPort", "hostPorts", len(ports))
    return Finding("hostPort", f"{counted('container', containers)} {verb} {noun} {', '.join(sorted(ports))}")


def host_probes_and_host_lifecycle(_metadata: Object, spec: Object) -> Finding | None:
    hosts: set[str] = set()
    containers: set[str] = set()
    for container in all_containers(spec):
        for action in probes_and_handlers(container):
            for kind in ("httpGet", "tcpSocket"):
                if host := (action.get(kind) or {}).get("host"):
                    hosts.add(host)
                    containers.add(container.get("name", ""))
    if not containers:
        return None
    verb = plural("uses", "use", len(containers))
    noun = plural("probe or lifecycle host", "probe or lifecycle hosts", len(hosts))
    detail = f"{counted('container', sorted(containers))} {verb} {noun} {quoted(sorted(hosts))}"
    return Finding("probe or lifecycle host", detail)


def privileged(_metadata: Object, spec: Object) -> Finding | None:
    containers = containers_where(spec, lambda context: bool(context.get("privileged")))
    if not containers:
        return None
    return Finding("privileged", f"{counted('container', containers)} must not set securityContext.privileged=true")


def proc_mount(_metadata: Object, spec: Object) -> Finding | None:
    types: set[str] = set()

    def bad(context: Object) -> bool:
        found = context.get("procMount")
        if found is None or found == "Default":
            return False
        types.add(found)
        return True

    containers = containers_where(spec, bad)
    if not containers:
        return None
    what = quoted(sorted(types))
    return Finding("procMount", f"{counted('container', containers)} must not set securityContext.procMount to {what}")


def proc_mount_35(metadata: Object, spec: Object) -> Finding | None:
    return None if in_user_namespace(spec) else proc_mount(metadata, spec)


def seccomp_annotations(metadata: Object, spec: Object) -> Finding | None:
    """Until 1.18 the profile was an annotation."""
    annotations = metadata.get("annotations") or {}
    keys = [_SECCOMP_POD_ANNOTATION]
    keys += [_SECCOMP_CONTAINER_ANNOTATION + container.get("name", "") for container in all_containers(spec)]
    bad = sorted(
        {
            f"{key}={go_quote(annotations[key])}"
            for key in keys
            if key in annotations
            and annotations[key] not in ("runtime/default", "docker/default")
            and not annotations[key].startswith("localhost/")
        }
    )
    if not bad:
        return None
    noun = plural("annotation", "annotations", len(bad))
    return Finding("seccompProfile", f"forbidden {noun} {', '.join(bad)}")


def seccomp_profile(_metadata: Object, spec: Object) -> Finding | None:
    types: set[str] = set()

    def bad(context: Object) -> bool:
        profile = context.get("seccompProfile")
        if profile is None or profile.get("type", "") in _CONFINED:
            return False
        types.add(profile.get("type", ""))
        return True

    who = setters(bad(security(spec)), containers_where(spec, bad))
    if not who:
        return None
    what = quoted(sorted(types))
    return Finding("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {what}")


def se_linux_options(allowed: frozenset[str]) -> Callable[[Object, Object], Finding | None]:
    """`allowed`: types."""

    def check(_metadata: Object, spec: Object) -> Finding | None:
        types: set[str] = set()
        given: set[str] = set()

        def bad(context: Object) -> bool:
            options = context.get("seLinuxOptions")
            if options is None:
                return False
            wrong = {name for name in ("user", "role") if options.get(name)}
            given.update(wrong)
            if options.get("type", "") not in allowed:
                wrong.add("type")
                types.add(options.get("type", ""))
            return bool(wrong)

        who = setters(bad(security(spec)), containers_where(spec, bad))
        if not who:
            return None
        data = [counted("type", sorted(types))] if types else []
        data += [f"{name} may not be set" for name in ("user", "role") if name in given]
        return Finding("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}")

    return check


def sysctls(allowed: frozenset[str]) -> Callable[[Object, Object], Finding | None]:
    """`allowed`: those that a kernel keeps per pod."""

    def check(_metadata: Object, spec: Object) -> Finding | None:
        listed = security(spec).get("sysctls") or ()
        wrong = [sysctl.get("name", "") for sysctl in listed if sysctl.get("name", "") not in allowed]
        return Finding("forbidden sysctls", ", ".join(wrong)) if wrong else None

    return check


def windows_host_process(_metadata: Object, spec: Object) -> Finding | None:
    def bad(context: Object) -> bool:
        return bool((context.get("windowsOptions") or {}).get("hostProcess"))

    who = setters(bad(security(spec)), containers_where(spec, bad))
    if not who:
        return None
    return Finding("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true")
