"""Which pods a node does not take, although they were bound to it. Pure.

Upstream: pkg/kubelet/lifecycle/predicate.go with the scheduler's AdmissionCheck; the first reason counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.node_affinity import compile_required
from steersman.api.core.pod_resources import charged_requests
from steersman.api.core.taints import NO_EXECUTE, untolerated
from steersman.api.meta.quantity import parse
from steersman.kubelet.status import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from steersman.api.meta.quantity import Quantity
    from steersman.api.meta.types import Object

CPU, PODS = "cpu", "pods"
_NATIVE = ("cpu", "memory", "ephemeral-storage")


def requests_of(pod: Object) -> dict[str, int]:
    """What a pod is charged for: cpu in thousandths, everything else in units."""
    return {name: _amount(name, quantity) for name, quantity in charged_requests(pod).items()}


def admit(pod: Object, node: Object, others: Iterable[tuple[Object, Mapping[str, int]]]) -> Outcome | None:
    """Why the node refuses; None if it does not. `others`: pods that it has taken and that are not over, each with
    what it is charged for (`requests_of`).
    """
    spec = pod["spec"]
    labels = node["metadata"].get("labels") or {}
    system = labels.get("kubernetes.io/os", "linux")
    if (pod["metadata"].get("labels") or {}).get("kubernetes.io/os", system) != system:
        message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
        return Outcome("PodOSSelectorNodeLabelDoesNotMatch", message)
    if (spec.get("os") or {}).get("name", system) != system:
        return Outcome("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
    others = list(others)
    refusal = _insufficient(pod, node, [requests for _, requests in others])
    if refusal is not None:
        return refusal
    if not compile_required(spec)(node):
        return _predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    wanted = _host_ports(spec)
    if wanted and any(_conflict(wanted, _host_ports(other["spec"])) for other, _ in others):
        return _predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    taints = (node.get("spec") or {}).get("taints")
    if taints and untolerated(taints, spec.get("tolerations") or (), (NO_EXECUTE,)) is not None:
        return _predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    return None


def _predicate(name: str, why: str) -> Outcome:
    return Outcome(name, f"Predicate {name} failed: {why}")


def _amount(name: str, quantity: Quantity) -> int:
    return quantity.milli_value() if name == CPU else quantity.value()


def _insufficient(pod: Object, node: Object, others: list[Mapping[str, int]]) -> Outcome | None:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    capacity = {name: _amount(name, parse(text)) for name, text in allocatable.items()}
    if len(others) + 1 > capacity.get(PODS, 0):
        return _out_of(PODS, 1, len(others), capacity.get(PODS, 0))
    for name, requested in requests_of(pod).items():
        # what only the cluster knows of, a node that has not heard of it does not refuse
        if not requested or (name not in capacity and name not in _NATIVE):
            continue
        used = sum(each.get(name, 0) for each in others)
        if requested > capacity.get(name, 0) - used:
            return _out_of(name, requested, used, capacity.get(name, 0))
    return None


def _out_of(name: str, requested: int, used: int, capacity: int) -> Outcome:
    message = f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
    return Outcome(f"OutOf{name}", message)


def _host_ports(spec: Object) -> set[tuple[str, str, int]]:
    """(address, protocol, port)."""
    return {
        (port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), port["hostPort"])  # noqa: S104 - compared
        for container in (*spec["containers"], *(spec.get("initContainers") or ()))
        for port in container.get("ports") or ()
        if port.get("hostPort")
    }


def _conflict(some: set[tuple[str, str, int]], others: set[tuple[str, str, int]]) -> bool:
    every = "0.0.0.0"  # noqa: S104 - compared, not bound
    return any(
        (protocol, port) == (protocol2, port2) and (ip == ip2 or every in (ip, ip2))
        for ip, protocol, port in some
        for ip2, protocol2, port2 in others
    )
