"""Terse builders of the objects that controllers look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

CREATED = "2026-01-01T00:00:00Z"


def meta(name: str, *, namespace: str = "ns", **more: Any) -> Object:
    """Metadata with a uid made of the name."""
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": CREATED,
        **more,
    }


def owned_by(owner: Object, *, kind: str = "ReplicaSet") -> list[Object]:
    """OwnerReferences with `owner` as the controller."""
    metadata = owner["metadata"]
    return [{"kind": kind, "name": metadata["name"], "uid": metadata["uid"], "controller": True}]


def pod(
    name: str,
    *,
    phase: str = "Running",
    node: str = "n1",
    ready: str | bool = True,
    labels: dict[str, str] | None = None,
    restarts: int = 0,
    owner: Object | None = None,
    **metadata: Any,
) -> Object:
    """`ready`: a time since when, True for since creation, False for not."""
    more = {"labels": labels if labels is not None else {"app": "web"}, **metadata}
    if owner is not None:
        more["ownerReferences"] = owned_by(owner)
    status: Object = {"phase": phase, "containerStatuses": [{"name": "c", "restartCount": restarts}]}
    since = CREATED if ready is True else ready
    status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": since}] if since else []
    spec: Object = {"containers": [{"name": "c"}], **({"nodeName": node} if node else {})}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta(name, **more), "spec": spec, "status": status}


def replica_set(name: str = "web", replicas: int = 3, **more: Any) -> Object:
    """Selects app=web."""
    metadata = meta(name, generation=1, **more.pop("metadata", {}))
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}}
    selector = {"matchLabels": {"app": "web"}}
    return {"metadata": metadata, "spec": {"replicas": replicas, "selector": selector, "template": template}, **more}


def deployment(
    name: str = "web", replicas: int = 3, *, image: str = "v1", status: Object | None = None, **spec: Any
) -> Object:
    """Selects app=web and rolls, 25% at a time. `metadata`: more of that."""
    metadata = meta(name, **{"generation": 1, **spec.pop("metadata", {})})
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    fields = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template,
        "strategy": rolling,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        **spec,
    }
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": fields}
    return made | ({"status": status} if status is not None else {})


def service(name: str = "s", **spec: Any) -> Object:
    """Selects app=web, and has port 80, unless `spec` says otherwise (None: not there). `metadata`: more of that."""
    metadata = meta(name, **spec.pop("metadata", {}))
    given = {
        "selector": {"app": "web"},
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        "clusterIP": "10.96.0.7",
        "ipFamilies": ["IPv4"],
        **spec,
    }
    fields = {field: value for field, value in given.items() if value is not None}
    return {"kind": "Service", "apiVersion": "v1", "metadata": metadata, "spec": fields}


def backend(name: str, address: int | list[str] | None, *, spec: Object | None = None, **more: Any) -> Object:
    """A pod with an address: a number in 10.0.0.0/16, or a list of addresses."""
    made = pod(name, **more)
    if isinstance(address, int):
        address = [f"10.0.{address // 256}.{address % 256}"]
    if address:
        made["status"] |= {"podIP": address[0], "podIPs": [{"ip": each} for each in address]}
    return made | {"spec": made["spec"] | (spec or {})}


def node(name: str, *taints: str, ready: str | None = "True", **metadata: Any) -> Object:
    """`taints`: as "key:effect"; `ready`: the status of its condition, None for a node that never told."""
    spec: Object = {"taints": [{"key": each.partition(":")[0], "effect": each.partition(":")[2]} for each in taints]}
    since = {"lastHeartbeatTime": CREATED, "lastTransitionTime": CREATED}
    told = [{"type": "Ready", "status": ready, "reason": "R", "message": "m", **since}] if ready else []
    base = {"kind": "Node", "apiVersion": "v1", "spec": spec if taints else {}, "status": {"conditions": told}}
    made = {**base, "metadata": meta(name, **metadata)}
    del made["metadata"]["namespace"]
    return made
