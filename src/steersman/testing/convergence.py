"""What holds in a cluster that has come to rest: desired is actual, nothing is orphaned, nothing is there twice. Pure.

    violations({"pods": [...], "nodes": [...], ...}) == []

Kinds are named by their plurals; what is not given is not looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from steersman.api.meta.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from steersman.api.meta.types import Object

    Objects = Mapping[str, Sequence[Object]]

KINDS = (
    "namespaces",
    "nodes",
    "pods",
    "replicasets",
    "deployments",
    "statefulsets",
    "daemonsets",
    "jobs",
    "services",
    "endpointslices",
    "poddisruptionbudgets",
)
"""What `violations` knows something about."""
_SHARE = ("cpu", "memory")


def violations(objects: Objects) -> list[str]:
    """Each a sentence that names the object; none is what one wants."""
    return [each for rule in _RULES for each in rule(objects)]


def _nothing_is_left_terminating(objects: Objects) -> Iterator[str]:
    for plural, each in _all(objects):
        if "deletionTimestamp" in each["metadata"]:
            yield f"{plural} {_name(each)} has been terminating since {each['metadata']['deletionTimestamp']}"


def _owners_exist(objects: Objects) -> Iterator[str]:
    uids = {each["metadata"]["uid"] for _, each in _all(objects)}
    for plural, each in _all(objects):
        for owner in each["metadata"].get("ownerReferences") or ():
            if f"{owner['kind'].lower()}s" in objects and owner["uid"] not in uids:
                yield f"{plural} {_name(each)} is owned by {owner['kind']} {owner['name']}, which is gone"


def _namespaces_exist(objects: Objects) -> Iterator[str]:
    names = {each["metadata"]["name"] for each in objects.get("namespaces", ())}
    for plural, each in _all(objects):
        namespace = each["metadata"].get("namespace")
        if names and namespace is not None and namespace not in names:
            yield f"{plural} {_name(each)} is in a namespace that is gone"


def _pods_are_on_nodes_with_room(objects: Objects) -> Iterator[str]:
    nodes = {each["metadata"]["name"]: each for each in objects.get("nodes", ())}
    if not nodes:
        return
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for pod in _active(objects):
        node = pod["spec"].get("nodeName", "")
        if node and node not in nodes:
            yield f"pod {_name(pod)} is on node {node}, which is gone"
            continue
        used[node]["pods"] += 1000
        for container in pod["spec"]["containers"]:
            requests = (container.get("resources") or {}).get("requests") or {}
            for resource in _SHARE:
                used[node][resource] += parse(requests.get(resource, "0")).milli_value()
    for name, amounts in used.items():
        allocatable = nodes[name]["status"].get("allocatable") or {} if name else {}
        for resource, amount in amounts.items():
            if resource in allocatable and amount > parse(allocatable[resource]).milli_value():
                yield f"node {name} has pods that want more {resource} than it has"


def _replica_sets_have_their_pods(objects: Objects) -> Iterator[str]:
    for each in objects.get("replicasets", ()):
        yield from _replicas("replicaset", each, _pods_of(objects, each))


def _deployments_are_rolled_out(objects: Objects) -> Iterator[str]:
    for each in objects.get("deployments", ()):
        status, wanted = each.get("status") or {}, each["spec"]["replicas"]
        if status.get("observedGeneration") != each["metadata"]["generation"]:
            yield f"deployment {_name(each)} has not been looked at since it changed"
        for field in ("replicas", "updatedReplicas", "availableReplicas"):
            if status.get(field, 0) != wanted:
                yield f"deployment {_name(each)} says {field} {status.get(field, 0)}, {wanted} are wanted"
        owned = [rs for rs in objects.get("replicasets", ()) if _owned_by(rs, each) and rs["spec"]["replicas"]]
        if wanted and len(owned) != 1:
            yield f"deployment {_name(each)} has {len(owned)} replica sets with replicas"


def _stateful_sets_have_each_ordinal_once(objects: Objects) -> Iterator[str]:
    for each in objects.get("statefulsets", ()):
        name, pods = each["metadata"]["name"], _pods_of(objects, each)
        wanted = sorted(f"{name}-{ordinal}" for ordinal in range(each["spec"]["replicas"]))
        if sorted(pod["metadata"]["name"] for pod in pods) != wanted:
            yield f"statefulset {_name(each)} has the pods {sorted(p['metadata']['name'] for p in pods)}"
        yield from _replicas("statefulset", each, pods)


def _daemon_sets_have_one_pod_on_each_node(objects: Objects) -> Iterator[str]:
    nodes = [each["metadata"]["name"] for each in objects.get("nodes", ())]
    for each in objects.get("daemonsets", ()):
        if each["spec"]["template"]["spec"].get("nodeSelector"):
            continue
        on = sorted(pod["spec"].get("nodeName", "") for pod in _pods_of(objects, each))
        if on != sorted(nodes):
            yield f"daemonset {_name(each)} has pods on {on}, the nodes are {sorted(nodes)}"
        status = each.get("status") or {}
        if status.get("numberReady") != len(nodes):
            yield f"daemonset {_name(each)} says numberReady {status.get('numberReady')} on {len(nodes)} nodes"


def _finished_jobs_did_what_was_wanted(objects: Objects) -> Iterator[str]:
    for each in objects.get("jobs", ()):
        status = each.get("status") or {}
        done = {c["type"] for c in status.get("conditions") or () if c["status"] == "True"}
        active = _pods_of(objects, each)
        if done & {"Complete", "Failed"} and active:
            yield f"job {_name(each)} is over and has {len(active)} pods that are not"
        if "Complete" in done and status.get("succeeded", 0) != each["spec"].get("completions", 1):
            yield f"job {_name(each)} is complete with {status.get('succeeded', 0)} successes"


def _endpoints_are_the_ready_pods(objects: Objects) -> Iterator[str]:
    if "endpointslices" not in objects:
        return
    for service in objects.get("services", ()):
        selector = service["spec"].get("selector")
        if not selector:
            continue
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        ready = sorted(
            pod["status"]["podIP"]
            for pod in _active(objects)
            if pod["metadata"]["namespace"] == namespace
            and selector.items() <= (pod["metadata"].get("labels") or {}).items()
            and _is_ready(pod)
        )
        listed = sorted(
            endpoint["addresses"][0]
            for each in objects["endpointslices"]
            if each["metadata"]["namespace"] == namespace
            and (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == name
            for endpoint in each.get("endpoints") or ()
            if endpoint["conditions"].get("ready")
        )
        if listed != ready:
            yield f"service {_name(service)} has the endpoints {listed}, ready are {ready}"


def _budgets_count_the_healthy_pods(objects: Objects) -> Iterator[str]:
    for each in objects.get("poddisruptionbudgets", ()):
        labels = each["spec"]["selector"].get("matchLabels") or {}
        healthy = sum(
            1
            for pod in _active(objects)
            if pod["metadata"]["namespace"] == each["metadata"]["namespace"]
            and labels.items() <= (pod["metadata"].get("labels") or {}).items()
            and _is_ready(pod)
        )
        said = (each.get("status") or {}).get("currentHealthy")
        if said != healthy:
            yield f"poddisruptionbudget {_name(each)} says that {said} pods are healthy, {healthy} are"


_RULES: tuple[Callable[[Objects], Iterator[str]], ...] = (
    _nothing_is_left_terminating,
    _owners_exist,
    _namespaces_exist,
    _pods_are_on_nodes_with_room,
    _replica_sets_have_their_pods,
    _deployments_are_rolled_out,
    _stateful_sets_have_each_ordinal_once,
    _daemon_sets_have_one_pod_on_each_node,
    _finished_jobs_did_what_was_wanted,
    _endpoints_are_the_ready_pods,
    _budgets_count_the_healthy_pods,
)


def _replicas(kind: str, owner: Object, pods: Sequence[Object]) -> Iterator[str]:
    wanted = owner["spec"]["replicas"]
    ready = sum(map(_is_ready, pods))
    said = (owner.get("status") or {}).get("readyReplicas", 0)
    if (len(pods), ready, said) != (wanted, wanted, wanted):
        yield f"{kind} {_name(owner)} has {len(pods)} pods, {ready} ready, says {said} ready; {wanted} are wanted"


def _all(objects: Objects) -> Iterator[tuple[str, Object]]:
    for plural, listed in objects.items():
        for each in listed:
            yield plural, each


def _active(objects: Objects) -> Iterator[Object]:
    for pod in objects.get("pods", ()):
        if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            yield pod


def _pods_of(objects: Objects, owner: Object) -> list[Object]:
    return [pod for pod in _active(objects) if _owned_by(pod, owner)]


def _owned_by(obj: Object, owner: Object) -> bool:
    references: list[Any] = obj["metadata"].get("ownerReferences") or []
    return any(each.get("controller") and each["uid"] == owner["metadata"]["uid"] for each in references)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _name(obj: Object) -> str:
    metadata = obj["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else metadata["name"]
