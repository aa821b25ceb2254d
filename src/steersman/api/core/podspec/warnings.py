"""What to warn of in a pod spec: fields and labels that are deprecated, and values that look like mistakes.

Upstream: pkg/api/pod/warnings.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.validation.annotations import (
    APP_ARMOR_PREFIX,
    LOCALHOST_PREFIX,
    SECCOMP_CONTAINER_PREFIX,
    SECCOMP_POD,
)
from steersman.api.core.podspec.volume_paths import overlap_warnings
from steersman.api.core.podspec.walk import containers_with_paths
from steersman.api.errors import go_quote
from steersman.api.meta.addresses import ip_warnings
from steersman.api.meta.names import label_value
from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.api.meta.types import Object

DEPRECATED_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": ('deprecated since v1.17; use "topology.kubernetes.io/region" instead'),
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_DEPRECATED_ANNOTATIONS = (
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        'non-functional in v1.16+; use the "priorityClassName" field instead',
    ),
    ("security.alpha.kubernetes.io/sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'),
    ("security.alpha.kubernetes.io/unsafe-sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'),
)
_HEEDED = (*(key for key, _ in _DEPRECATED_ANNOTATIONS), SECCOMP_POD, SECCOMP_CONTAINER_PREFIX, APP_ARMOR_PREFIX)
_DEPRECATED_VOLUMES = (
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
)
_LATER_DEPRECATED_VOLUMES = ("cephfs", "rbd")
_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_NULL_SELECTOR = "a null labelSelector results in matching no pod"


def heeded_annotations(pod: Object) -> bool:
    """Whether a pod has annotations that warnings may be about."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    return any(key.startswith(_HEEDED) for key in annotations)


def pod_warnings(pod: Object) -> list[str]:
    return list(_warnings(pod, ""))


def template_warnings(template: Object | None, path: str) -> list[str]:
    """`path`: that of the template, as `spec.template`."""
    return list(_warnings(template, path)) if template else []


def _warnings(pod: Object, path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    spec_path, annotation_path = f"{prefix}spec", f"{prefix}metadata.annotations"
    spec = pod.get("spec") or {}
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    yield from _node_labels(spec, spec_path)
    yield from _spread(spec, spec_path)
    for key, message in _DEPRECATED_ANNOTATIONS:
        if key in annotations:
            yield f"{annotation_path}[{key}]: {message}"
    yield from _volumes(spec, spec_path)
    yield from overlap_warnings(spec.get("volumes") or ())
    yield from _duplicates(spec, spec_path)
    for name in ("memory", "ephemeral-storage"):
        yield from _fraction(spec.get("overhead") or {}, name, f"{spec_path}.overhead")
    if SECCOMP_POD in annotations and (spec.get("securityContext") or {}).get("seccompProfile") is None:
        yield f"{annotation_path}[{SECCOMP_POD}]: {_SECCOMP}"
    for container, at in containers_with_paths(spec, spec_path):
        yield from _container(container, at, spec, annotations, annotation_path, is_template=bool(path))
    yield from _ports(spec, spec_path)
    grace_s = spec.get("terminationGracePeriodSeconds")
    if grace_s is not None and grace_s < 0:
        at = f"{spec_path}.terminationGracePeriodSeconds"
        yield f"{at}: must be >= 0; negative values are invalid and will be treated as 1"
    yield from _affinity_selectors(spec.get("affinity") or {}, f"{spec_path}.affinity")
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from ip_warnings(f"{spec_path}.dnsConfig.nameservers[{index}]", server)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip_warnings(f"{spec_path}.hostAliases[{index}].ip", alias.get("ip") or "")


def _node_labels(spec: Object, path: str) -> Iterator[str]:
    for key in sorted(spec.get("nodeSelector") or {}):
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.nodeSelector[{key}]: {DEPRECATED_NODE_LABELS[key]}"
    rules = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    at = f"{path}.affinity.nodeAffinity"
    selector = rules.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for index, term in enumerate(selector.get("nodeSelectorTerms") or ()):
        terms = f"{at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        yield from node_selector_term_warnings(term, f"{terms}[{index}]", check_values=False)
    for index, term in enumerate(rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()):
        preference = f"{at}.preferredDuringSchedulingIgnoredDuringExecution[{index}].preference"
        yield from node_selector_term_warnings(term.get("preference") or {}, preference, check_values=True)


def node_selector_term_warnings(term: Object, path: str, *, check_values: bool) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        at, key = f"{path}.matchExpressions[{index}]", expression.get("key") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{at}.key: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if check_values:
            for number, value in enumerate(expression.get("values") or ()):
                for message in label_value(value):
                    yield f"{at}.values[{number}]: {value} is invalid, {message}"


def _spread(spec: Object, path: str) -> Iterator[str]:
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        at, key = f"{path}.topologySpreadConstraints[{index}]", constraint.get("topologyKey") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{at}.topologyKey: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{at}.labelSelector: {_NULL_SELECTOR}"


def _volumes(spec: Object, path: str) -> Iterator[str]:
    for index, volume in enumerate(spec.get("volumes") or ()):
        at = f"{path}.volumes[{index}]"
        for name, shown, message in _DEPRECATED_VOLUMES:
            if volume.get(name) is not None:
                yield f"{at}.{shown}: {message}"
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if template is not None:
            yield from claim_spec_warnings(template.get("spec") or {}, f"{at}.ephemeral.volumeClaimTemplate.spec")
        for name in _LATER_DEPRECATED_VOLUMES:
            if volume.get(name) is not None:
                yield f"{at}.{name}: deprecated in v1.28, non-functional in v1.31+"


def claim_spec_warnings(spec: Object, path: str) -> Iterator[str]:
    """Of a PersistentVolumeClaimSpec."""
    for kind in ("requests", "limits"):
        amounts = (spec.get("resources") or {}).get(kind) or {}
        yield from _fraction(amounts, "storage", f"{path}.resources.{kind}")


def _fraction(amounts: Object, name: str, path: str) -> Iterator[str]:
    amount = amounts.get(name)
    if amount is not None and parse(amount).milli_value() % 1000:
        yield f"{path}[{name}]: fractional byte value {go_quote(amount)} is invalid, must be an integer"


def _duplicates(spec: Object, path: str) -> Iterator[str]:
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for index, item in enumerate(spec.get(field) or ()):
            value = item.get(key) or ""
            if value in seen:
                yield f"{path}.{field}[{index}].{key}: duplicate {key} {go_quote(value)}"
            seen.add(value)
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'


def _container(
    container: Object, path: str, spec: Object, annotations: Object, annotation_path: str, *, is_template: bool
) -> Iterator[str]:
    name, context = container.get("name") or "", container.get("securityContext") or {}
    key = SECCOMP_CONTAINER_PREFIX + name
    if context.get("seccompProfile") is None and key in annotations:
        yield f"{annotation_path}[{key}]: {_SECCOMP}"
    key = APP_ARMOR_PREFIX + name
    if is_template and context.get("appArmorProfile") is None and key in annotations:
        pod_profile = (spec.get("securityContext") or {}).get("appArmorProfile")
        if pod_profile is None or pod_profile != app_armor_profile_of(annotations[key]):
            yield f'{annotation_path}[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead'
    resources = container.get("resources") or {}
    for amount in ("memory", "ephemeral-storage"):
        for kind in ("limits", "requests"):
            yield from _fraction(resources.get(kind) or {}, amount, f"{path}.resources.{kind}")
    yield from _hidden_variables(container, path)


def app_armor_profile_of(annotation: str) -> Object | None:
    """The field that means the same as an annotation's value; None if there is none."""
    if annotation == "unconfined":
        return {"type": "Unconfined"}
    if annotation == "runtime/default":
        return {"type": "RuntimeDefault"}
    local = annotation.removeprefix(LOCALHOST_PREFIX)
    return {"type": "Localhost", "localhostProfile": local} if local and local != annotation else None


def _hidden_variables(container: Object, path: str) -> Iterator[str]:
    """A variable given twice is fine where the second one extends the first: `PATH=$(PATH):/x`."""
    seen: set[str] = set()
    for index, variable in enumerate(container.get("env") or ()):
        name, value = variable.get("name") or "", variable.get("value") or ""
        reference = f"$({name})"
        hides = variable.get("valueFrom") is not None or value == reference or reference not in value
        if name in seen and hides:
            shown = go_quote(name)
            yield f"{path}.env[{index}]: hides previous definition of {shown}, which may be dropped when using apply"
        seen.add(name)


def _ports(spec: Object, path: str) -> Iterator[str]:
    seen: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    names: dict[str, str] = {}
    name_warnings = []
    for container, container_path in containers_with_paths(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            at = f"{container_path}.ports[{index}]"
            if port.get("hostIP") and not port.get("hostPort"):
                yield f"{at}: hostIP set without hostPort: {_go_port(port)}"
            others = seen.setdefault((port.get("containerPort") or 0, port.get("protocol") or ""), [])
            for other_path, other in others:
                if relation := _relation(port, other):
                    yield f"{at}: {relation} port definition with {other_path}"
            others.append((at, port))
            if name := port.get("name"):
                if name in names:
                    other_path = names[name]
                    name_warnings.append(
                        f"{at}: duplicate port name {go_quote(name)} with {other_path}, services and probes that "
                        f"select ports by name will use {other_path}"
                    )
                names.setdefault(name, at)
    yield from name_warnings


def _relation(port: Object, other: Object) -> str:
    address, other_address = port.get("hostIP") or "", other.get("hostIP") or ""
    number, other_number = port.get("hostPort") or 0, other.get("hostPort") or 0
    if (address, number) == (other_address, other_number):
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    if number == other_number and (not address) != (not other_address):
        return "dangerously ambiguous"
    return ""


def _go_port(port: Object) -> str:
    """Go's %+v of a container port."""
    return (
        f"{{Name:{port.get('name') or ''} HostPort:{port.get('hostPort') or 0} "
        f"ContainerPort:{port.get('containerPort') or 0} Protocol:{port.get('protocol') or ''} "
        f"HostIP:{port.get('hostIP') or ''}}}"
    )


def _affinity_selectors(affinity: Object, path: str) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        at = f"{path}.{kind}.requiredDuringSchedulingIgnoredDuringExecution"
        for index, term in enumerate(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()):
            if term.get("labelSelector") is None:
                yield f"{at}[{index}].labelSelector: {_NULL_SELECTOR}"
        at = f"{path}.{kind}.preferredDuringSchedulingIgnoredDuringExecution"
        for index, term in enumerate(rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()):
            if (term.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{at}[{index}].podAffinityTerm.labelSelector: {_NULL_SELECTOR}"
