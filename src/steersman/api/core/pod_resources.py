"""What a pod asks for and is limited to as a whole, by resource name: what is charged, and what nodes must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.podspec.arithmetic import aggregate
from steersman.api.core.podspec.walk import is_sidecar
from steersman.api.meta.quantity import Quantity, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from steersman.api.meta.types import Object

Amounts = dict[str, Quantity]
_HUGE_PAGES = "hugepages-"
_COMPUTE = ("cpu", "memory")


def amounts(listed: Object | None) -> Amounts:
    """A ResourceList, parsed."""
    return {name: parse(amount) for name, amount in (listed or {}).items()}


def add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def raise_to(total: Amounts, others: Amounts) -> None:
    for name, amount in others.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def is_pod_level(name: str) -> bool:
    """Resources that a pod may be given as a whole."""
    return name in _COMPUTE or name.startswith(_HUGE_PAGES)


def has_pod_level(spec: Object) -> bool:
    """Whether the pod as a whole is given some of them."""
    resources = spec.get("resources") or {}
    return any(is_pod_level(name) for kind in ("requests", "limits") for name in resources.get(kind) or ())


def pod_requests(spec: Object, *, overhead: bool = False) -> Amounts:
    """Of its specification alone. What is given to the pod as a whole replaces its containers' sum."""
    total = aggregate(spec, "requests")
    _override(total, spec, "requests")
    if overhead:
        add(total, amounts(spec.get("overhead")))
    return total


def pod_limits(spec: Object, *, overhead: bool = False) -> Amounts:
    """Likewise; overhead is added to limits that there are."""
    total = aggregate(spec, "limits")
    _override(total, spec, "limits")
    if overhead:
        _add_overhead_to_limits(total, spec)
    return total


def _override(total: Amounts, spec: Object, kind: str) -> None:
    for name, amount in ((spec.get("resources") or {}).get(kind) or {}).items():
        if is_pod_level(name):
            total[name] = parse(amount)


def _add_overhead_to_limits(total: Amounts, spec: Object) -> None:
    for name, amount in amounts(spec.get("overhead")).items():
        if total.get(name):
            total[name] += amount


# -- while a pod is resized, the highest of what is wanted, allocated and in use counts


def charged_requests(pod: Object) -> Amounts:
    """What a quota charges. `pod`: with its status."""
    spec, status = pod["spec"], pod.get("status") or {}
    if not (status.get("containerStatuses") or status.get("initContainerStatuses")):
        return pod_requests(spec, overhead=True)
    infeasible = _infeasible(status)
    total = {} if infeasible else aggregate(spec, "requests")
    raise_to(total, _sum(spec, status, lambda container, of: _in_use(container, of, infeasible)))
    raise_to(total, _sum(spec, status, lambda container, of: _allocated(container, of, infeasible)))
    _override(total, spec, "requests")
    add(total, amounts(spec.get("overhead")))
    return total


def charged_limits(pod: Object) -> Amounts:
    """Likewise, for limits."""
    spec, status = pod["spec"], pod.get("status") or {}
    if not (status.get("containerStatuses") or status.get("initContainerStatuses")):
        return pod_limits(spec, overhead=True)
    infeasible = _infeasible(status)
    total = {} if infeasible else aggregate(spec, "limits")
    raise_to(total, _sum(spec, status, lambda container, of: _limits_in_use(container, of, infeasible)))
    _override(total, spec, "limits")
    _add_overhead_to_limits(total, spec)
    return total


def _infeasible(status: Object) -> bool:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodResizePending":
            return bool(condition.get("reason") == "Infeasible")
    return False


def _allocated(container: Object, of: Object, infeasible: bool) -> Object | None:
    if of.get("allocatedResources") is not None:
        return dict(of["allocatedResources"])
    return None if infeasible else (container.get("resources") or {}).get("requests")


def _in_use(container: Object, of: Object, infeasible: bool) -> Object | None:
    found: Object | None = (of.get("resources") or {}).get("requests")
    return found if found is not None else _allocated(container, of, infeasible)


def _limits_in_use(container: Object, of: Object, infeasible: bool) -> Object | None:
    found: Object | None = (of.get("resources") or {}).get("limits")
    if found is not None:
        return found
    return None if infeasible else (container.get("resources") or {}).get("limits")


def _sum(spec: Object, status: Object, listed: Callable[[Object, Object], Object | None]) -> Amounts:
    """As `aggregate`, with other amounts than the specification's: `listed(container, its status)`."""
    statuses = {entry.get("name"): entry for entry in _statuses(status)}

    def needed(container: Object) -> Amounts:
        return amounts(listed(container, statuses.get(container.get("name")) or {}))

    total: Amounts = {}
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, needed(container))
    for container in spec.get("initContainers") or ():
        own = needed(container)
        if is_sidecar(container):
            add(total, own)
            add(sidecars, own)
            own = {}
        add(own, sidecars)
        raise_to(highest, own)
    raise_to(total, highest)
    return total


def _statuses(status: Object) -> Iterator[Object]:
    """Of two with one name, that of the regular container comes last and wins."""
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()
