"""resource metrics: what simulated nodes and their pods use, as metrics.k8s.io tells it.

Reads: nodes and pods, as those that simulate them know them. Writes: nothing.
Invariants: what cannot be asked is not there: machines that are down or cut off, with their pods, and pods of which
nothing runs.
Upstream: kubernetes-sigs/metrics-server. Difference: usage is that of this moment, not of a window that has passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steersman.api.errors import BadRequest, NotFound
from steersman.api.meta.fields import parse_field_selector
from steersman.api.meta.labels import parse_selector
from steersman.api.meta.quantity import canonical
from steersman.api.meta.times import format_time
from steersman.client.request import Key
from steersman.kubelet.hollow.node import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from steersman.api.meta.types import Object
    from steersman.kubelet.hollow.nodes import HollowNodes
    from steersman.kubelet.hollow.usage import Usage
    from steersman.lib.clock import Clock

GROUP: Final = "metrics.k8s.io"
VERSIONS: Final = ("v1", "v1beta1")
WINDOW: Final = "1s"
"""Short, as what is told is true at once: autoscalers do not believe what was measured before a pod was ready."""
_RESOURCES: Final = (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True))


def resource_list(version: str) -> Object:
    """The discovery document of a version."""
    resources = [
        {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"]}
        for name, kind, namespaced in _RESOURCES
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{version}",
        "resources": resources,
    }


def usage_in_quantities(usage: Usage) -> Object:
    """As in `usage` of a NodeMetrics or of one container."""
    return {
        "cpu": canonical(f"{round(usage.cpu_m * 1e6)}n"),
        "memory": canonical(f"{round(usage.memory_bytes / 1024)}Ki"),
    }


class ResourceMetrics:
    """Answers."""

    def __init__(self, *, nodes: HollowNodes, clock: Clock) -> None:
        self._nodes = nodes
        self._clock = clock

    def answer(self, path: str, *, labels: str = "", fields: str = "") -> Object:
        """What GET of a path gives. `labels`, `fields`: selectors of lists. Raises NotFound, BadRequest."""
        match path.strip("/").split("/"):
            case ["apis", group, version, *rest] if group == GROUP and version in VERSIONS:
                pass
            case _:
                raise _no_page()
        chosen = _choice(labels, fields)
        match rest:
            case []:
                return resource_list(version)
            case ["nodes"]:
                return _list("NodeMetrics", version, map(self._of_node, filter(chosen, self._nodes_there())))
            case ["nodes", name]:
                found = [self._of_node(node) for node in self._nodes_there() if node["metadata"]["name"] == name]
                return _one("NodeMetrics", version, name, found)
            case ["pods"]:
                return _list("PodMetrics", version, self._of_pods(filter(chosen, self._pods_there())))
            case ["namespaces", namespace, "pods"]:
                return _list("PodMetrics", version, self._of_pods(filter(chosen, self._pods_there(namespace))))
            case ["namespaces", namespace, "pods", name]:
                named = [pod for pod in self._pods_there(namespace) if pod["metadata"]["name"] == name]
                return _one("PodMetrics", version, f"{namespace}/{name}", [*self._of_pods(named)])
        raise _no_page()

    def _nodes_there(self) -> Iterator[Object]:
        for name in self._reachable():
            node = self._nodes.node_object(name)
            if node is not None:
                yield node

    def _pods_there(self, namespace: str = "") -> Iterator[Object]:
        """Of all namespaces if none is given."""
        for name in self._reachable():
            for pod in self._nodes.pods_of(name):
                if namespace in ("", pod["metadata"]["namespace"]):
                    yield pod

    def _reachable(self) -> list[str]:
        return [name for name in self._nodes.names if self._nodes.node(name).state is State.UP]

    def _of_node(self, node: Object) -> Object:
        usage = self._nodes.usage_of_node(node["metadata"]["name"])
        return self._measured(node) | {"usage": usage_in_quantities(usage)}

    def _of_pods(self, pods: Iterable[Object]) -> Iterator[Object]:
        for pod in pods:
            used = self._nodes.usage_of_pod(Key(pod["metadata"]["namespace"], pod["metadata"]["name"]))
            if used:
                containers = [{"name": name, "usage": usage_in_quantities(usage)} for name, usage in used.items()]
                yield self._measured(pod) | {"containers": containers}

    def _measured(self, obj: Object) -> Object:
        now = format_time(self._clock.now())
        metadata = {name: obj["metadata"][name] for name in ("name", "namespace", "labels") if name in obj["metadata"]}
        return {"metadata": metadata | {"creationTimestamp": now}, "timestamp": now, "window": WINDOW}


def _choice(labels: str, fields: str) -> Callable[[Object], bool]:
    """Whether an object is selected. Raises BadRequest."""
    try:
        by_label, by_field = parse_selector(labels), parse_field_selector(fields)
    except ValueError as error:
        raise BadRequest(str(error)) from error

    def chosen(obj: Object) -> bool:
        metadata = obj["metadata"]
        named = {f"metadata.{name}": metadata.get(name, "") for name in ("name", "namespace")}
        return by_label.matches(metadata.get("labels") or {}) and by_field.matches(named)

    return chosen


def _list(kind: str, version: str, items: Iterable[Object]) -> Object:
    ordered = sorted(items, key=lambda each: (each["metadata"].get("namespace", ""), each["metadata"]["name"]))
    return {"kind": f"{kind}List", "apiVersion": f"{GROUP}/{version}", "metadata": {}, "items": ordered}


def _one(kind: str, version: str, key: str, found: Sequence[Object]) -> Object:
    if not found:
        raise NotFound.of(GROUP, kind.lower(), key)
    return {"kind": kind, "apiVersion": f"{GROUP}/{version}"} | found[0]


def _no_page() -> NotFound:
    return NotFound("the server could not find the requested resource", details={})
