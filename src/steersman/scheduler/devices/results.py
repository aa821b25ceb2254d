"""What is written into the status of a claim: devices, their configuration, where they can be reached. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.search import Allotment
    from steersman.scheduler.devices.wanted import Wanted


def render_allocation(
    wanted: Wanted, allotments: Sequence[Allotment], *, node: str, new_uid: Callable[[], str]
) -> Object:
    """An AllocationResult. `new_uid`: names shares."""
    devices: Object = {"results": [_render_result(each, new_uid) for each in allotments]}
    config = _render_config(wanted, allotments)
    if config:
        devices["config"] = config
    selector = _render_selector(allotments, node)
    return {"devices": devices} | ({"nodeSelector": selector} if selector is not None else {})


def _render_result(allotment: Allotment, new_uid: Callable[[], str]) -> Object:
    request, device = allotment.request, allotment.device
    result: Object = {
        "request": request.full_name,
        "driver": device.id.driver,
        "pool": device.id.pool,
        "device": device.id.device,
    }
    if request.admin:
        result["adminAccess"] = True
    if request.tolerations:
        result["tolerations"] = list(request.tolerations)
    for name in ("bindingConditions", "bindingFailureConditions"):
        if device.spec.get(name):
            result[name] = device.spec[name]
    if allotment.consumed is not None:
        result["shareID"] = new_uid()
        if allotment.consumed:
            result["consumedCapacity"] = {name: str(amount) for name, amount in allotment.consumed.items()}
    return result


def _render_config(wanted: Wanted, allotments: Sequence[Allotment]) -> list[Object]:
    """Of classes first, each once; then of the claim, as far as it is for a request that was granted."""
    chosen = {each.request.parent or each.request.name: each.request for each in allotments}
    requests = [chosen[each[0].parent or each[0].name] for each in wanted.requests]
    by_class: dict[str, list[str]] = {}
    for request in requests:
        by_class.setdefault(request.device_class, []).append(request.full_name)
    config: list[Object] = [
        {"source": "FromClass", "requests": list(names), **each}
        for name, names in by_class.items()
        for each in (wanted.classes[name].get("spec") or {}).get("config") or ()
    ]
    for each in (wanted.claim["spec"].get("devices") or {}).get("config") or ():
        names = each.get("requests") or []
        if not names or any({request.parent or request.name, request.full_name} & set(names) for request in requests):
            config.append({"source": "FromClaim", **each})
    for each in config:
        names = set(each.get("requests") or ())
        if all({request.parent or request.name, request.full_name} & names for request in requests):
            each.pop("requests", None)  # it is for all of them
    return config


def _render_selector(allotments: Iterable[Allotment], node: str) -> Object | None:
    """None: from everywhere."""
    found: dict[str, list[Object]] = {"matchFields": [], "matchExpressions": []}
    for device in (each.device for each in allotments):
        if device.place.node or device.spec.get("bindsToNode"):
            only = {"key": "metadata.name", "operator": "In", "values": [node]}
            return {"nodeSelectorTerms": [{"matchFields": [only]}]}
        for term in (device.place.selector or {}).get("nodeSelectorTerms") or ():
            for name, requirements in found.items():
                _add_missing(requirements, term.get(name) or ())
    term = {name: requirements for name, requirements in found.items() if requirements}
    return {"nodeSelectorTerms": [term]} if term else None


def _add_missing(known: list[Object], requirements: Iterable[Object]) -> None:
    for requirement in requirements:
        if all(_meaning(requirement) != _meaning(other) for other in known):
            known.append(requirement)


def _meaning(requirement: Object) -> tuple[object, ...]:
    return requirement["key"], requirement["operator"], frozenset(requirement.get("values") or ())
