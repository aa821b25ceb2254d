"""What a pod's containers need together, its quality of service, and requirements of the pod as a whole.

Sidecars (init containers that are restarted) run beside the regular containers and beside later init containers, so
their amounts add up; every other init container runs alone with the sidecars started before it (KEP-753).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.walk import all_containers, is_sidecar
from steersman.api.meta.quantity import ZERO, Quantity, parse

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

_COMPUTE = ("cpu", "memory")


def aggregate(spec: Object, kind: str) -> dict[str, Quantity]:
    """`kind`: "requests" or "limits"; of all containers, without overhead and pod-level amounts."""
    total: dict[str, Quantity] = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, kind))
    sidecars: dict[str, Quantity] = {}
    highest: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, kind)
        if is_sidecar(container):
            _add(total, amounts)
            _add(sidecars, amounts)
            amounts = dict(sidecars)
        else:
            alone = amounts
            amounts = dict(sidecars)
            _add(amounts, alone)
        _raise(highest, amounts)
    _raise(total, highest)
    return total


def _amounts(container: Object, kind: str) -> dict[str, Quantity]:
    listed = (container.get("resources") or {}).get(kind) or {}
    return {name: parse(amount) for name, amount in listed.items()}


def _add(total: dict[str, Quantity], amounts: dict[str, Quantity]) -> None:
    for name, amount in amounts.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: dict[str, Quantity], amounts: dict[str, Quantity]) -> None:
    for name, amount in amounts.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort; by the pod's own requirements where it has any."""
    resources = spec.get("resources") or {}
    amounts = (*(resources.get("requests") or ()), *(resources.get("limits") or ()))
    if any(name in _COMPUTE or name.startswith("hugepages-") for name in amounts):
        return _class_of(resources)
    found = {
        _class_of(container.get("resources") or {})
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    }
    if len(found) > 1:
        return "Burstable"
    return found.pop() if found else "BestEffort"


def _class_of(resources: Object) -> str:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    if not requests and not limits:
        return "BestEffort"
    found = set()
    for name in _COMPUTE:
        request = parse(requests[name]) if name in requests else ZERO
        limit = parse(limits[name]) if name in limits else ZERO
        if request != limit:
            return "Burstable"
        found.add("Guaranteed" if request else "BestEffort")
    return found.pop() if len(found) == 1 else "Burstable"


def default_pod_resources(spec: Object) -> None:
    """Requirements of the pod as a whole, once some are given: the rest follows from its containers (KEP-2837)."""
    resources = spec.get("resources")
    if not resources or not (resources.get("requests") or resources.get("limits")):
        return
    _default_huge_page_limits(spec, resources)
    _default_requests(spec, resources)
    _default_limits(spec, resources)


def _default_huge_page_limits(spec: Object, resources: Object) -> None:
    limits = dict(resources.get("limits") or {})
    requests = resources.get("requests") or {}
    for name, total in aggregate(spec, "limits").items():
        if name.startswith("hugepages-") and name not in requests:
            limits.setdefault(name, str(total))
    if limits:
        resources["limits"] = limits


def _default_requests(spec: Object, resources: Object) -> None:
    requests = dict(resources.get("requests") or {})
    for name, total in aggregate(spec, "requests").items():
        if name in _COMPUTE:
            requests.setdefault(name, str(total))
    for name, limit in (resources.get("limits") or {}).items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            requests.setdefault(name, limit)
    if requests:
        resources["requests"] = requests


def _default_limits(spec: Object, resources: Object) -> None:
    """Where every container has a limit, the pod's is their sum, though never below its request."""
    requests = resources.get("requests") or {}
    limits = dict(resources.get("limits") or {})
    candidates = [
        name
        for name in requests
        if (name in _COMPUTE or name.startswith("hugepages-"))
        and name not in limits
        and all(name in ((c.get("resources") or {}).get("limits") or {}) for c in all_containers(spec))
    ]
    totals = aggregate(spec, "limits") if candidates else {}
    for name in candidates:
        if name in totals:
            limits[name] = str(max(totals[name], parse(requests[name])))
    if limits:
        resources["limits"] = limits
