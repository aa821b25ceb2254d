"""Containers: what all have in common, and what is special about regular, init and ephemeral ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.common import each, label, one_of, one_of_required
from steersman.api.core.podspec.validation.environment import validate_env, validate_env_from
from steersman.api.core.podspec.validation.handlers import validate_lifecycle, validate_probes
from steersman.api.core.podspec.validation.mounts import validate_devices, validate_mounts
from steersman.api.core.podspec.validation.network import host_port_conflicts
from steersman.api.core.podspec.validation.resources import validate_requirements
from steersman.api.core.podspec.validation.security import validate_container_security
from steersman.api.core.podspec.validation.volumes import PULL_POLICIES
from steersman.api.core.podspec.walk import containers_with_paths, is_sidecar
from steersman.api.errors import FieldError, duplicate, forbidden, invalid, not_found, required, too_many
from steersman.api.meta.names import port_name, port_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_RESIZE_RESOURCES = ("cpu", "memory")
_RESIZE_POLICIES = ("NotRequired", "RestartContainer")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_RESTART_ACTIONS = ("Restart", "RestartAllContainers")
_RESTART_RULES_MAX = 20
_EXIT_CODES_MAX = 255
_ONLY_SIDECARS = "may not be set for init containers without restartPolicy=Always"
_NOT_EPHEMERAL = "cannot be set for an Ephemeral Container"
_FORBIDDEN_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe",
    "startupProbe", "lifecycle",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """What a container's rules look at beside the container."""

    volumes: Mapping[str, Object]
    """The valid ones, by name."""
    claim_names: Collection[str]
    restart_policy: str
    grace_s: int | None
    os: Object | None
    host_users: bool
    options: Options


def validate_containers(containers: Sequence[Object], path: str, pod: PodView) -> list[FieldError]:
    if not containers:
        return [required(path)]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _validate_common(container, at, pod)
        errors += _unique_name(container, at, seen)
        if container.get("lifecycle") is not None:
            errors += validate_lifecycle(container["lifecycle"], f"{at}.lifecycle", pod.grace_s, pod.os)
        errors += validate_probes(container, at, pod.grace_s)
        errors += _validate_restart_policy(container, at)
    return errors + host_port_conflicts(containers, path)


def validate_init_containers(
    containers: Sequence[Object], regular: Sequence[Object], path: str, pod: PodView
) -> list[FieldError]:
    errors: list[FieldError] = []
    seen = {container.get("name") or "" for container in regular}
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _validate_common(container, at, pod)
        errors += _validate_restart_policy(container, at)
        name = container.get("name") or ""
        if name in seen:
            errors.append(duplicate(f"{at}.name", name))
        elif name:
            seen.add(name)
        errors += host_port_conflicts([container], path)
        if is_sidecar(container):
            if container.get("lifecycle") is not None:
                errors += validate_lifecycle(container["lifecycle"], f"{at}.lifecycle", pod.grace_s, pod.os)
            errors += validate_probes(container, at, pod.grace_s)
            continue
        for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if container.get(field) is not None:
                errors.append(forbidden(f"{at}.{field}", _ONLY_SIDECARS))
        if not pod.options.allow_restart_container_policy_for_init:
            errors += _no_restart_on_resize(container, at)
    return errors


def _no_restart_on_resize(container: Object, path: str) -> list[FieldError]:
    detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    return [
        invalid(f"{path}.resizePolicy[{index}].restartPolicy", "RestartContainer", detail)
        for index, policy in enumerate(container.get("resizePolicy") or ())
        if policy.get("restartPolicy") == "RestartContainer"
    ]


def validate_ephemeral_containers(
    containers: Sequence[Object], others: Sequence[Object], path: str, pod: PodView
) -> list[FieldError]:
    errors: list[FieldError] = []
    other_names = {container.get("name") or "" for container in others}
    seen = set(other_names)
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _validate_common(container, at, pod)
        errors += validate_image_padding(container, at)
        errors += _unique_name(container, at, seen)
        target = container.get("targetContainerName") or ""
        if target and target not in other_names:
            errors.append(not_found(f"{at}.targetContainerName", target))
        errors += [
            forbidden(f"{at}.{field}", _NOT_EPHEMERAL)
            for field in _FORBIDDEN_EPHEMERAL
            if container.get(field) or (field == "lifecycle" and field in container)
        ]
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            errors += [
                forbidden(f"{at}.volumeMounts[{number}].{field}", _NOT_EPHEMERAL)
                for field in ("subPath", "subPathExpr")
                if mount.get(field)
            ]
    return errors


def _unique_name(container: Object, path: str, seen: set[str]) -> list[FieldError]:
    name = container.get("name") or ""
    if name in seen:
        return [duplicate(f"{path}.name", name)]
    seen.add(name)
    return []


def validate_image_padding(container: Object, path: str) -> list[FieldError]:
    """Only pods are strict about it, templates are not."""
    image = container.get("image") or ""
    if image == image.strip():
        return []
    return [invalid(f"{path}.image", image, "must not have leading or trailing whitespace")]


def _validate_common(container: Object, path: str, pod: PodView) -> list[FieldError]:
    name = container.get("name") or ""
    errors = label(name, f"{path}.name") if name else [required(f"{path}.name")]
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy") or ""
    errors += one_of_required(policy, f"{path}.terminationMessagePolicy", _MESSAGE_POLICIES)
    errors += _validate_ports(container.get("ports") or (), f"{path}.ports")
    errors += validate_env(container.get("env") or (), f"{path}.env")
    errors += validate_env_from(container.get("envFrom") or (), f"{path}.envFrom")
    errors += validate_mounts(container, pod.volumes, f"{path}.volumeMounts")
    errors += validate_devices(container, pod.volumes, f"{path}.volumeDevices")
    pull = container.get("imagePullPolicy") or ""
    errors += one_of_required(pull, f"{path}.imagePullPolicy", PULL_POLICIES)
    resources = container.get("resources") or {}
    errors += validate_requirements(resources, pod.claim_names, f"{path}.resources", pod.options)
    errors += _validate_resize_policy(container.get("resizePolicy") or (), f"{path}.resizePolicy", pod)
    return errors + validate_container_security(
        container.get("securityContext"),
        f"{path}.securityContext",
        host_users=pod.host_users,
        options=pod.options,
    )


def _validate_ports(ports: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        at, name, number = f"{path}[{index}]", port.get("name") or "", port.get("containerPort") or 0
        if name:
            problems = each(f"{at}.name", name, port_name(name))
            if not problems and name in seen:
                problems = [duplicate(f"{at}.name", name)]
            errors += problems
            seen |= set() if problems else {name}
        at_number = f"{at}.containerPort"
        errors += each(at_number, number, port_number(number)) if number else [required(at_number)]
        if on_host := port.get("hostPort"):
            errors += each(f"{at}.hostPort", on_host, port_number(on_host))
        errors += one_of_required(port.get("protocol") or "", f"{at}.protocol", _PROTOCOLS)
    return errors


def _validate_resize_policy(policies: Sequence[Object], path: str, pod: PodView) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        resource, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if resource in seen:
            errors.append(duplicate(f"{path}[{index}]", resource))
        seen.add(resource)
        errors += one_of_required(resource, path, _RESIZE_RESOURCES)
        errors += one_of_required(restart, path, _RESIZE_POLICIES)
        if pod.restart_policy == "Never" and restart != "NotRequired":
            detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            errors.append(invalid(path, restart, detail))
    return errors


def _validate_restart_policy(container: Object, path: str) -> list[FieldError]:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    errors: list[FieldError] = []
    if policy is None:
        if not rules:
            return []
        errors.append(required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used"))
        if "initContainers" in path:
            return errors
    else:
        errors += one_of(policy, f"{path}.restartPolicy", _RESTART_POLICIES)
    if len(rules) > _RESTART_RULES_MAX:
        errors.append(too_many(f"{path}.restartPolicyRules", len(rules), _RESTART_RULES_MAX))
    for index, rule in enumerate(rules):
        at, codes = f"{path}.restartPolicyRules[{index}]", rule.get("exitCodes")
        errors += one_of(rule.get("action") or "", f"{at}.action", _RESTART_ACTIONS)
        if codes is None:
            errors.append(required(f"{at}.exitCodes", "must be specified"))
            continue
        errors += one_of(codes.get("operator") or "", f"{at}.exitCodes.operator", ("In", "NotIn"))
        if len(codes.get("values") or ()) > _EXIT_CODES_MAX:
            errors.append(too_many(f"{at}.exitCodes.values", len(codes["values"]), _EXIT_CODES_MAX))
    return errors


def validate_file_key_volumes(spec: Object, path: str) -> list[FieldError]:
    """Files with environment variables come from an emptyDir, which an init container has filled."""
    volumes = {volume.get("name") or "": volume for volume in spec.get("volumes") or ()}
    errors: list[FieldError] = []
    for container, at in containers_with_paths(spec, path):
        for index, variable in enumerate(container.get("env") or ()):
            reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if reference is None:
                continue
            name, at_name = reference.get("volumeName") or "", f"{at}.env[{index}].valueFrom.fileKeyRef.volumeName"
            if name not in volumes:
                errors.append(not_found(at_name, name))
            elif volumes[name].get("emptyDir") is None:
                errors.append(invalid(at_name, name, "referenced volume must be of type emptyDir"))
    return errors
