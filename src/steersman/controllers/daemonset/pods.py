"""pods: the pods of a DaemonSet: what they are made like, which node they are for, whether they are up to date. Pure.

Upstream: pkg/controller/daemon/util.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.apps.daemon_set import DAEMON_SETS, TEMPLATE_GENERATION
from steersman.api.core.node_affinity import only_on, target_node
from steersman.api.meta.labels import parse_int64
from steersman.controllers.daemonset.placement import tolerations_of
from steersman.controllers.ownership import reference_to
from steersman.controllers.pods import is_terminal, pod_of_template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object

HASH = "controller-revision-hash"
GENERATION = "pod-template-generation"


def template_generation(daemon_set: Object) -> int | None:
    """The number that older versions told templates apart by; None if there is none that can be read."""
    text = (daemon_set["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION)
    return parse_int64(text) if text is not None else None


def pods_for(daemon_set: Object, nodes: Iterable[str], content_hash: str) -> list[Object]:
    """New pods, one for each node."""
    metadata, template = daemon_set["metadata"], daemon_set["spec"]["template"]
    labels = dict((template.get("metadata") or {}).get("labels") or {})
    generation = template_generation(daemon_set)
    if generation is not None:
        labels[GENERATION] = str(generation)
    if content_hash:
        labels[HASH] = content_hash
    spec = template["spec"] | {"tolerations": tolerations_of(template["spec"])}
    affinity = spec.get("affinity")
    reference = reference_to(daemon_set, DAEMON_SETS)
    return [
        pod_of_template(
            {
                "metadata": (template.get("metadata") or {}) | {"labels": labels},
                "spec": spec | {"affinity": only_on(affinity, node)},
            },
            owner=metadata["name"],
            namespace=metadata["namespace"],
            reference=reference,
        )
        for node in nodes
    ]


def node_of(pod: Object) -> str | None:
    """Where it runs, or is meant to."""
    name: str | None = pod["spec"].get("nodeName")
    return name or target_node(pod["spec"])


def by_node(pods: Iterable[Object], *, with_ended: bool = False) -> dict[str, list[Object]]:
    """The pods of each node. Without `with_ended`: but for those that have ended and only wait for their removal."""
    found: dict[str, list[Object]] = {}
    for pod in pods:
        if not with_ended and is_terminal(pod) and pod["metadata"].get("deletionTimestamp"):
            continue
        node = node_of(pod)
        if node is not None:
            found.setdefault(node, []).append(pod)
    return found


def is_updated(pod: Object, content_hash: str, generation: int | None) -> bool:
    """It was made of the present template."""
    labels = pod["metadata"].get("labels") or {}
    of_generation = generation is not None and labels.get(GENERATION) == str(generation)
    return of_generation or bool(content_hash and labels.get(HASH) == content_hash)


def oldest_first(pods: Iterable[Object]) -> list[Object]:
    """Those that have been assigned to their node before the others."""
    return sorted(pods, key=_age)


def _age(pod: Object) -> tuple[Any, ...]:
    metadata = pod["metadata"]
    return (not pod["spec"].get("nodeName"), metadata["creationTimestamp"], metadata["name"])
