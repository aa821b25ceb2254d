"""Pod specs and pod templates: every rule, in upstream's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.affinity import validate_affinity
from steersman.api.core.podspec.validation.annotations import validate_pod_annotations, validate_profiles_match
from steersman.api.core.podspec.validation.common import each, label, one_of_required, qualified
from steersman.api.core.podspec.validation.containers import (
    PodView,
    validate_containers,
    validate_ephemeral_containers,
    validate_file_key_volumes,
    validate_image_padding,
    validate_init_containers,
)
from steersman.api.core.podspec.validation.network import (
    validate_dns_config,
    validate_host_aliases,
    validate_host_network_ports,
    validate_host_users,
    validate_hostname_override,
)
from steersman.api.core.podspec.validation.resources import validate_pod_resources, validate_requirements
from steersman.api.core.podspec.validation.scheduling import (
    validate_resource_claims,
    validate_scheduling_gates,
    validate_scheduling_group,
    validate_spread,
    validate_tolerations,
)
from steersman.api.core.podspec.validation.security import validate_pod_security
from steersman.api.core.podspec.validation.volumes import validate_volumes
from steersman.api.core.podspec.validation.windows import validate_host_process, validate_os
from steersman.api.errors import FieldError, forbidden, go_quote, invalid, required
from steersman.api.meta.label_selector import validate_labels
from steersman.api.meta.names import dns1123_subdomain, in_range_message
from steersman.api.meta.object_meta import nonnegative, validate_annotations

if TYPE_CHECKING:
    from steersman.api.core.podspec.validation.options import Options
    from steersman.api.meta.types import Object

RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MAX_INT32 = 2**31 - 1


def validate_template(template: Object, path: str, options: Options) -> list[FieldError]:
    """A pod template (`spec.template`): its metadata and its spec."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    errors = validate_labels(metadata.get("labels"), f"{path}.labels")
    errors += validate_annotations(annotations, f"{path}.annotations")
    errors += validate_pod_annotations(annotations, spec, f"{path}.annotations", options)
    errors += validate_pod_spec(spec, f"{path}.spec", options)
    errors += validate_profiles_match(annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", detail))
    return errors


def validate_spec_of_pod(spec: Object, name: str, options: Options, *, is_mirror: bool) -> list[FieldError]:
    """The spec of a Pod: what holds for all specs, and what its metadata or the lack of a template add to it."""
    errors = validate_pod_spec(spec, "spec", options, pod_name=name, is_mirror=is_mirror)
    if not spec.get("serviceAccountName"):
        detail = "must not be specified when serviceAccountName is not set"
        errors += [
            forbidden(f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken", detail)
            for index, volume in enumerate(spec.get("volumes") or ())
            for number, source in enumerate((volume.get("projected") or {}).get("sources") or ())
            if source.get("serviceAccountToken") is not None
        ]
    errors += nonnegative(spec.get("terminationGracePeriodSeconds") or 0, "spec.terminationGracePeriodSeconds")
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            errors += validate_image_padding(container, f"spec.{field}[{index}]")
    return errors


def validate_pod_spec(
    spec: Object, path: str, options: Options, *, pod_name: str = "", is_mirror: bool = False
) -> list[FieldError]:
    """`pod_name` is empty in a template; `is_mirror`: of a static pod."""
    errors: list[FieldError] = []
    grace_s = spec.get("terminationGracePeriodSeconds")
    if grace_s is None:
        errors.append(required(f"{path}.terminationGracePeriodSeconds"))
    volumes, found = validate_volumes(spec.get("volumes") or (), pod_name, f"{path}.volumes", options)
    errors += found
    claims = spec.get("resourceClaims") or ()
    errors += validate_resource_claims(claims, f"{path}.resourceClaims", is_mirror=is_mirror)
    pod = PodView(
        volumes=volumes,
        claim_names={claim["name"] for claim in claims if claim.get("name")},
        restart_policy=spec.get("restartPolicy") or "",
        grace_s=grace_s,
        os=spec.get("os"),
        host_users=spec.get("hostUsers") is not False,
        options=options,
    )
    errors += _validate_all_containers(spec, path, pod)
    errors += validate_pod_resources(spec, pod.claim_names, f"{path}.resources", options)
    errors += validate_host_network_ports(spec, path, options)
    errors += one_of_required(pod.restart_policy, f"{path}.restartPolicy", RESTART_POLICIES)
    dns_policy = spec.get("dnsPolicy") or ""
    errors += one_of_required(dns_policy, f"{path}.dnsPolicy", _DNS_POLICIES)
    errors += validate_labels(spec.get("nodeSelector"), f"{path}.nodeSelector")
    errors += validate_pod_security(spec.get("securityContext"), spec, f"{path}.securityContext", options)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(f"{path}.shareProcessNamespace", True, detail))
    errors += validate_affinity(spec.get("affinity"), f"{path}.affinity", options)
    errors += validate_dns_config(spec.get("dnsConfig"), dns_policy, f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        errors += qualified(gate.get("conditionType") or "", f"{path}.readinessGates[{index}].conditionType")
    errors += validate_scheduling_gates(spec.get("schedulingGates") or (), f"{path}.schedulingGates")
    spread = spec.get("topologySpreadConstraints") or ()
    errors += validate_spread(spread, f"{path}.topologySpreadConstraints", options)
    errors += validate_host_process(spec, path)
    errors += validate_host_users(spec, path, options)
    errors += validate_hostname_override(spec, path)
    errors += _validate_names(spec, path)
    errors += validate_tolerations(spec.get("tolerations") or (), f"{path}.tolerations", options)
    errors += validate_host_aliases(spec.get("hostAliases") or (), f"{path}.hostAliases")
    errors += _validate_classes(spec, path, options)
    errors += validate_os(spec, path)
    if spec.get("schedulingGroup") is not None:
        errors += validate_scheduling_group(spec["schedulingGroup"], f"{path}.schedulingGroup")
    return errors + validate_file_key_volumes(spec, path)


def _validate_all_containers(spec: Object, path: str, pod: PodView) -> list[FieldError]:
    regular, init = spec.get("containers") or (), spec.get("initContainers") or ()
    ephemeral = spec.get("ephemeralContainers") or ()
    errors = validate_containers(regular, f"{path}.containers", pod)
    errors += validate_init_containers(init, regular, f"{path}.initContainers", pod)
    others = [*regular, *init]
    return errors + validate_ephemeral_containers(ephemeral, others, f"{path}.ephemeralContainers", pod)


def _validate_names(spec: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    account, alias = spec.get("serviceAccountName") or "", spec.get("serviceAccount") or ""
    if account:
        errors += each(f"{path}.serviceAccountName", account, dns1123_subdomain(account))
    if alias != account:
        detail = f"must be the same as serviceAccountName: {go_quote(account)}"
        errors.append(invalid(f"{path}.deprecatedServiceAccount", alias, detail))
    if node := spec.get("nodeName"):
        errors += each(f"{path}.nodeName", node, dns1123_subdomain(node))
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= _MAX_INT32:
        errors.append(invalid(f"{path}.activeDeadlineSeconds", seconds, in_range_message(1, _MAX_INT32)))
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            errors += label(spec[name], f"{path}.{name}")
    return errors


def _validate_classes(spec: Object, path: str, options: Options) -> list[FieldError]:
    errors: list[FieldError] = []
    if priority := spec.get("priorityClassName"):
        errors += each(f"{path}.priorityClassName", priority, dns1123_subdomain(priority))
    if (runtime := spec.get("runtimeClassName")) is not None:
        errors += each(f"{path}.runtimeClassName", runtime, dns1123_subdomain(runtime))
    if (policy := spec.get("preemptionPolicy")) is not None:
        errors += one_of_required(policy, f"{path}.preemptionPolicy", ("PreemptLowerPriority", "Never"))
    if (overhead := spec.get("overhead")) is not None:
        errors += validate_requirements({"limits": overhead}, (), f"{path}.overhead", options)
    return errors
