"""What validation allows beyond today's rules, because the object that is being changed has it already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.resources import huge_page_is_divisible, is_huge_page
from steersman.api.core.podspec.validation.security import host_sysctl
from steersman.api.core.podspec.walk import all_containers, is_sidecar
from steersman.api.meta.label_selector import has_invalid_values, validate_selector
from steersman.api.meta.labels import parse_int64
from steersman.api.meta.names import label_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All false for a new object."""

    resource_is_pod: bool = False
    """A Pod, not a template in something else."""
    allow_invalid_deletion_cost: bool = False
    allow_indivisible_huge_pages: bool = False
    allow_invalid_label_value_in_selector: bool = False
    allow_invalid_label_value_in_node_affinity: bool = False
    allow_invalid_spread_selector: bool = False
    allow_invalid_spread_match_label_keys: bool = False
    allow_non_local_token_path: bool = False
    allow_namespaced_sysctls_on_host: bool = False
    allow_restart_container_policy_for_init: bool = False
    allow_user_namespace_volume_devices: bool = False
    allow_user_namespace_host_network: bool = False
    allow_comparing_tolerations: bool = False
    allow_empty_image_reference: bool = False
    allow_sys_admin_without_escalation: bool = False


def options_for(old: Object | None, *, resource_is_pod: bool = False) -> Options:
    """`old`: the Pod or template that an update changes, None on creation."""
    if old is None:
        return Options(resource_is_pod=resource_is_pod)
    spec = old.get("spec") or {}
    annotations = (old.get("metadata") or {}).get("annotations")
    return Options(
        resource_is_pod=resource_is_pod,
        allow_invalid_deletion_cost=not deletion_cost_is_valid(annotations),
        allow_indivisible_huge_pages=_has_indivisible_huge_pages(spec),
        allow_invalid_label_value_in_selector=any(has_invalid_values(s) for s in _affinity_selectors(spec)),
        allow_invalid_label_value_in_node_affinity=_has_invalid_node_affinity_value(spec),
        allow_invalid_spread_selector=any(
            validate_selector(c.get("labelSelector"), "") for c in spec.get("topologySpreadConstraints") or ()
        ),
        allow_invalid_spread_match_label_keys=_has_doubled_spread_keys(spec),
        allow_non_local_token_path=any(_is_non_local(path) for path in _token_paths(spec)),
        allow_namespaced_sysctls_on_host=any(
            host_sysctl(sysctl.get("name") or "", spec, "")
            for sysctl in (spec.get("securityContext") or {}).get("sysctls") or ()
        ),
        allow_restart_container_policy_for_init=_has_restarting_init_container(spec),
        allow_user_namespace_volume_devices=spec.get("hostUsers") is False
        and any(c.get("volumeDevices") for c in all_containers(spec)),
        allow_user_namespace_host_network=spec.get("hostUsers") is False and bool(spec.get("hostNetwork")),
        allow_comparing_tolerations=any(t.get("operator") in ("Lt", "Gt") for t in spec.get("tolerations") or ()),
        allow_empty_image_reference=any(
            v.get("image") is not None and not v["image"].get("reference") for v in spec.get("volumes") or ()
        ),
        allow_sys_admin_without_escalation=any(
            _has_sys_admin_without_escalation(c.get("securityContext") or {}) for c in all_containers(spec)
        ),
    )


def deletion_cost_is_valid(annotations: Object | None) -> bool:
    text = (annotations or {}).get(DELETION_COST)
    if text is None:
        return True
    if text[:1] == "+" or (text[:1] == "0" and text != "0"):
        return False
    number = parse_int64(text)
    return number is not None and -(2**31) <= number < 2**31


def _has_indivisible_huge_pages(spec: Object) -> bool:
    lists = [spec.get("overhead") or {}]
    for container in all_containers(spec):
        resources = container.get("resources") or {}
        lists += [resources.get("limits") or {}, resources.get("requests") or {}]
    return any(
        is_huge_page(name) and not huge_page_is_divisible(name, amount)
        for amounts in lists
        for name, amount in amounts.items()
    )


def _affinity_selectors(spec: Object) -> Iterator[Object | None]:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        terms = list(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ())
        weighted = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [each.get("podAffinityTerm") or {} for each in weighted]
        for term in terms:
            yield term.get("labelSelector")
            yield term.get("namespaceSelector")


def _has_invalid_node_affinity_value(spec: Object) -> bool:
    rules = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    selector = rules.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return any(
        label_value(value)
        for term in selector.get("nodeSelectorTerms") or ()
        for expression in term.get("matchExpressions") or ()
        for value in expression.get("values") or ()
    )


def _has_doubled_spread_keys(spec: Object) -> bool:
    for constraint in spec.get("topologySpreadConstraints") or ():
        selector = constraint.get("labelSelector") or {}
        keys = set(constraint.get("matchLabelKeys") or ())
        seen = set(selector.get("matchLabels") or {})
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key") or ""
            if key in keys and key in seen:
                return True
            seen.add(key)
    return False


def _token_paths(spec: Object) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if (token := source.get("serviceAccountToken")) is not None:
                yield token.get("path") or ""


def _is_non_local(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/") or (path.startswith("..") and not path.startswith("../"))


def _has_restarting_init_container(spec: Object) -> bool:
    return any(
        policy.get("restartPolicy") == "RestartContainer"
        for container in spec.get("initContainers") or ()
        if not is_sidecar(container)
        for policy in container.get("resizePolicy") or ()
    )


def _has_sys_admin_without_escalation(context: Object) -> bool:
    added = (context.get("capabilities") or {}).get("add") or ()
    return context.get("allowPrivilegeEscalation") is False and "CAP_SYS_ADMIN" in added
