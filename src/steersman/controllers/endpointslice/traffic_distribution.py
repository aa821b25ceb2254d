"""traffic_distribution: hints for services with spec.trafficDistribution: everyone uses the endpoints near them. Pure.

Upstream: k8s.io/endpointslice trafficdist (KEP-4444, KEP-3015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.controllers.slices import Changes, is_endpoint_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from steersman.api.meta.types import Object

_SAME_NODE = "PreferSameNode"
_NEAR = ("PreferClose", "PreferSameZone", _SAME_NODE)


def distribution_of(service: Object) -> str:
    """Empty for none that there is."""
    distribution: str = service["spec"].get("trafficDistribution") or ""
    return distribution if distribution in _NEAR else ""


def hint_nearest(changes: Changes, existing: Sequence[Object], distribution: str) -> Changes:
    """`changes` to the `existing` slices, such that all ready endpoints have the hints of a `distribution_of`."""

    def hinted(endpoint: Object) -> Object:
        if not is_endpoint_ready(endpoint):
            return endpoint
        return with_hints(endpoint, _nearest(endpoint, to_nodes=distribution == _SAME_NODE))

    return rehint(changes, existing, hinted)


def remove_hints(changes: Changes, existing: Sequence[Object]) -> Changes:
    """`changes` such that no endpoint has hints."""
    return rehint(changes, existing, lambda endpoint: with_hints(endpoint, {}))


def rehint(changes: Changes, existing: Sequence[Object], hinted: Callable[[Object], Object]) -> Changes:
    """Apply `hinted` to all endpoints; slices that stay as they are are not written."""
    update = [_apply(each, hinted) for each in changes.update]
    for each in changes.untouched(existing):
        made = _apply(each, hinted)
        if made["endpoints"] != (each.get("endpoints") or []):
            update.append(made)
    return Changes([_apply(each, hinted) for each in changes.create], update, changes.delete)


def with_hints(endpoint: Object, hints: Object) -> Object:
    """The same endpoint if it has them already."""
    if (endpoint.get("hints") or {}) == hints:
        return endpoint
    bare = {name: value for name, value in endpoint.items() if name != "hints"}
    return bare | {"hints": hints} if hints else bare


def _apply(each: Object, hinted: Callable[[Object], Object]) -> Object:
    return each | {"endpoints": [hinted(endpoint) for endpoint in each.get("endpoints") or ()]}


def _nearest(endpoint: Object, *, to_nodes: bool) -> Object:
    hints: Object = {}
    if endpoint.get("zone") is not None:
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if to_nodes and endpoint.get("nodeName") is not None:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints
