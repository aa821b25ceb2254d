"""What may be wrong with a pod's status, as kubelets and controllers write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.remembered import spec_options
from steersman.api.core.podspec.validation.annotations import validate_annotation_changes
from steersman.api.core.podspec.validation.common import each, label, qualified
from steersman.api.errors import (
    FieldError,
    duplicate,
    forbidden,
    internal,
    invalid,
    not_supported,
    required,
    too_long,
)
from steersman.api.meta.addresses import ip_warnings, parse_ip_sloppy, valid_ip_legacy
from steersman.api.meta.names import byte_length, dns1123_subdomain, group_id
from steersman.api.meta.object_meta import immutable
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object

_SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
_HEALTH = ("Healthy", "Unhealthy", "Unknown")
_HEALTH_MESSAGE_MAX = 1024
_MAX_UINT32 = 2**32 - 1
_STATUS_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


def validate_status_update(new: Object, old: Object) -> list[FieldError]:
    spec, before_spec = new.get("spec") or {}, old.get("spec") or {}
    status, before = new.get("status") or {}, old.get("status") or {}
    annotations, old_annotations = ((pod.get("metadata") or {}).get("annotations") or {} for pod in (new, old))
    options = spec_options(old)
    errors = validate_annotation_changes(annotations, old_annotations, spec, "metadata.annotations", options)
    errors += _conditions(status.get("conditions") or (), "status.conditions")
    errors += _nominated_node(status, before, before_spec)
    if (generation := status.get("observedGeneration") or 0) < 0:
        errors.append(invalid("status.observedGeneration", generation, "must be a non-negative integer"))
    errors += immutable(status.get("qosClass") or "", before.get("qosClass") or "", "status.qosClass")
    for name in _STATUS_LISTS:
        errors += _transitions(status.get(name) or (), before.get(name) or (), f"status.{name}", before_spec)
    errors += _claim_statuses(status.get("resourceClaimStatuses") or (), spec)
    errors += _extended_claim(status.get("extendedResourceClaimStatus"), spec)
    errors += _pod_ips(status, before)
    errors += _host_ips(status, before)
    for name in _STATUS_LISTS:
        errors += _users(status.get(name) or (), f"status.{name}", spec)
    for name, containers in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
        errors += _allocated(status.get(name) or (), f"status.{name}", spec.get(containers) or (), status)
    detail = "must not be specified in container status"
    return errors + [
        forbidden(f"status.ephemeralContainerStatuses[{index}].allocatedResourcesStatus", detail)
        for index, container in enumerate(status.get("ephemeralContainerStatuses") or ())
        if container.get("allocatedResourcesStatus")
    ]


def status_warnings(new: Object, _old: Object | None) -> list[str]:
    status = new.get("status") or {}
    return [
        warning
        for name in ("podIPs", "hostIPs")
        for index, address in enumerate(status.get(name) or ())
        for warning in ip_warnings(f"status.{name}[{index}].ip", address.get("ip") or "")
    ]


def _conditions(conditions: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, condition in enumerate(conditions):
        generation = condition.get("observedGeneration") or 0
        if generation < 0:
            at = f"{path}[{index}].observedGeneration"
            errors.append(invalid(at, generation, "must be a non-negative integer"))
        kind = condition.get("type") or ""
        if kind not in _SYSTEM_CONDITIONS:
            errors += qualified(kind, f"{path}[{index}].Type")
    return errors


def _nominated_node(status: Object, before: Object, spec: Object) -> list[FieldError]:
    name, path = status.get("nominatedNodeName") or "", "status.nominatedNodeName"
    if not name or name == (before.get("nominatedNodeName") or ""):
        return []
    errors = each(path, name, dns1123_subdomain(name))
    if spec.get("nodeName"):
        errors.append(forbidden(path, "may not be set on pods that are already bound to a node"))
    return errors


def _transitions(new: Sequence[Object], old: Sequence[Object], path: str, spec: Object) -> list[FieldError]:
    """A container that has ended for good does not start again."""
    if path.endswith("ephemeralContainerStatuses"):
        containers: Sequence[Object] | None = None
    else:
        if _may_restart_all(spec):
            return []
        containers = spec.get("initContainers" if "init" in path else "containers") or ()
    errors = []
    for index, status in enumerate(old):
        terminated = (status.get("state") or {}).get("terminated")
        if terminated is None:
            continue
        again = next((s for s in new if s.get("name") == status.get("name")), None)
        if again is None or (again.get("state") or {}).get("terminated") is not None:
            continue
        if containers is None or not _may_restart(status, terminated.get("exitCode") or 0, containers, spec):
            detail = "may not be transitioned to non-terminated state"
            errors.append(forbidden(f"{path}[{index}].state", detail))
    return errors


def _may_restart_all(spec: Object) -> bool:
    return any(
        rule.get("action") == "RestartAllContainers"
        for name in ("initContainers", "containers")
        for container in spec.get(name) or ()
        for rule in container.get("restartPolicyRules") or ()
    )


def _may_restart(status: Object, code: int, containers: Sequence[Object], spec: Object) -> bool:
    container = next((c for c in containers if c.get("name") == status.get("name")), None)
    if container is None:
        return False
    policy = container.get("restartPolicy")
    if policy is not None and any(_rule_matches(rule, code) for rule in container.get("restartPolicyRules") or ()):
        return True
    policy = policy or spec.get("restartPolicy") or "Always"
    return code != 0 if policy == "OnFailure" else policy != "Never"


def _rule_matches(rule: Object, code: int) -> bool:
    codes = rule.get("exitCodes") or {}
    listed = code in (codes.get("values") or ())
    return listed if codes.get("operator") == "In" else codes.get("operator") == "NotIn" and not listed


def _claim_statuses(statuses: Sequence[Object], spec: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for index, status in enumerate(statuses):
        at, name = f"status.resourceClaimStatuses[{index}]", status.get("name") or ""
        if name not in known:
            detail = "must match the name of an entry in `spec.resourceClaims`"
            errors.append(invalid(f"{at}.name", name, detail))
        if name in seen:
            errors.append(duplicate(f"{at}.name", name))
        seen.add(name)
        if (claim := status.get("resourceClaimName")) is not None:
            errors += each(f"{at}.resourceClaimName", claim, dns1123_subdomain(claim))
    return errors


def _extended_claim(claim: Object | None, spec: Object) -> list[FieldError]:
    if claim is None:
        return []
    path = "status.extendedResourceClaimStatus"
    containers = {
        container.get("name"): container
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    }
    errors: list[FieldError] = []
    mappings = claim.get("requestMappings") or ()
    if not mappings:
        errors.append(required(f"{path}.requestMappings", "at least one request mapping is required"))
    seen: set[tuple[str, ...]] = set()
    names = ("containerName", "resourceName", "requestName")
    for index, mapping in enumerate(mappings):
        at = f"{path}.requestMappings[{index}]"
        container, resource, request = values = tuple(mapping.get(name) or "" for name in names)
        if container not in containers:
            detail = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
            errors.append(invalid(f"{at}.containerName", container, detail))
        elif resource not in ((containers[container].get("resources") or {}).get("requests") or {}):
            detail = (
                "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
                "spec.containers.resources.requests"
            )
            errors.append(invalid(f"{at}.resourceName", resource, detail))
        errors += label(request, f"{path}.requestName")
        if values in seen:
            errors += [duplicate(f"{at}.{name}", value) for name, value in zip(names, values, strict=True)]
        seen.add(values)
    name = claim.get("resourceClaimName") or ""
    at = f"{path}.resourceClaimName"
    return errors + (each(at, name, dns1123_subdomain(name)) if name else [required(at)])


def _addresses(status: Object, before: Object, name: str) -> tuple[list[str], list[FieldError]]:
    path = f"status.{name}"
    existing = [address.get("ip") or "" for address in before.get(name) or ()]
    listed = [address.get("ip") or "" for address in status.get(name) or ()]
    errors: list[FieldError] = []
    for index, address in enumerate(listed):
        errors += valid_ip_legacy(f"{path}[{index}]", address, old=existing)
    if len(listed) > 1:
        errors += _dual_stack(listed, path)
    return listed, errors


def _dual_stack(listed: list[str], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    versions: set[int] = set()
    bad = None
    for index, text in enumerate(listed):
        address = parse_ip_sloppy(text)
        if address is None:
            bad = f"invalid IP[{index}]: {text}"
            break
        versions.add(address.version)
    if bad is not None:
        errors.append(internal(path, f"failed to check for dual stack with error:{bad}"))
    if bad is not None or versions != {4, 6} or len(listed) > 2:
        shown = [{"IP": text} for text in listed]
        errors.append(invalid(path, shown, "may specify no more than one IP for each IP family"))
    return errors


def _pod_ips(status: Object, before: Object) -> list[FieldError]:
    listed, errors = _addresses(status, before, "podIPs")
    single = status.get("podIP") or ""
    if bool(single) != bool(listed):
        shown = [{"IP": text} for text in listed] or None
        detail = "podIP and podIPs must either both be set or both be unset"
        errors.append(invalid("status.podIPs", shown, detail))
    elif listed and listed[0] != single:
        errors.append(invalid("status.podIPs[0].ip", listed[0], "must be equal to `podIP`"))
    return errors


def _host_ips(status: Object, before: Object) -> list[FieldError]:
    if not status.get("hostIPs"):
        return []
    listed, found = _addresses(status, before, "hostIPs")
    errors: list[FieldError] = []
    if listed[0] != (status.get("hostIP") or ""):
        errors.append(invalid("status.hostIPs[0].ip", listed[0], "must be equal to `hostIP`"))
    return errors + found


def _users(statuses: Sequence[Object], path: str, spec: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    os = (spec.get("os") or {}).get("name") or "linux"
    for index, status in enumerate(statuses):
        user = (status.get("user") or {}).get("linux")
        if user is None:
            continue
        at = f"{path}[{index}].user.linux"
        if os == "windows":
            errors.append(forbidden(at, "cannot be set for a windows pod"))
            continue
        uid, gid = user.get("uid") or 0, user.get("gid") or 0
        if not 0 <= uid <= _MAX_UINT32:
            errors.append(invalid(f"{at}.uid", uid, f"must be between 0 and {_MAX_UINT32}, inclusive"))
        errors += each(f"{at}.gid", gid, group_id(gid))
        for number, group in enumerate(user.get("supplementalGroups") or ()):
            errors += each(f"{at}.supplementalGroups[{number}]", group, group_id(group))
    return errors


def _allocated(statuses: Sequence[Object], path: str, containers: Sequence[Object], status: Object) -> list[FieldError]:
    """Health of allocated devices: of resources and claims that the container has."""
    errors: list[FieldError] = []
    for index, container_status in enumerate(statuses):
        container = next((c for c in containers if c.get("name") == container_status.get("name")), None)
        for number, resource in enumerate(container_status.get("allocatedResourcesStatus") or ()):
            at = f"{path}[{index}].allocatedResourcesStatus[{number}]"
            if container is not None:
                errors += _known_resource(resource.get("name") or "", container, status, f"{at}.name")
            errors += _resource_health(resource.get("resources") or (), f"{at}.resources")
    return errors


def _known_resource(name: str, container: Object, status: Object, path: str) -> list[FieldError]:
    resources = container.get("resources") or {}
    requests = resources.get("requests") or {}
    if not name.startswith("claim:"):
        detail = "must match one of the container's resource requests"
        return [] if name in requests else [invalid(path, name, detail)]
    for claim in resources.get("claims") or ():
        request = claim.get("request")
        if name == f"claim:{claim.get('name') or ''}" + (f"/{request}" if request else ""):
            return []
    extended = status.get("extendedResourceClaimStatus") or {}
    claim_name, _, request = name.removeprefix("claim:").partition("/")
    if claim_name and request and claim_name == extended.get("resourceClaimName"):
        for mapping in extended.get("requestMappings") or ():
            same = mapping.get("containerName") == container.get("name") and mapping.get("requestName") == request
            if same and parse(requests.get(mapping.get("resourceName") or "") or "0"):
                return []
    detail = (
        "must match one of the container's resource claims as 'claim:<claimName>/<requestName>' when "
        "container.resources.claims[*].request is set or 'claim:<claimName>' when it is empty"
    )
    return [invalid(path, name, detail)]


def _resource_health(resources: Sequence[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, resource in enumerate(resources):
        at, health, message = f"{path}[{index}]", resource.get("health") or "", resource.get("message")
        if health not in _HEALTH:
            errors.append(not_supported(f"{at}.health", health, ("Healthy", "Unhealthy", "Unknown")))
        if message is not None and not message:
            errors.append(required(f"{at}.message", "must be non-empty if specified"))
        elif message is not None and byte_length(message) > _HEALTH_MESSAGE_MAX:
            errors.append(too_long(f"{at}.message", _HEALTH_MESSAGE_MAX))
        identity = resource.get("resourceID") or ""
        if identity in seen:
            errors.append(duplicate(f"{at}.resourceID", identity))
        seen.add(identity)
    return errors
