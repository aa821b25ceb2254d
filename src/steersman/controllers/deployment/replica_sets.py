"""replica_sets: the ReplicaSets of a Deployment: which has its template, and how they are ordered and counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.api.core.go_types import semantic_equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object

HASH_LABEL = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Sets:
    """`new` has the Deployment's template, if there is one; `old` have others, oldest first."""

    new: Object | None
    old: tuple[Object, ...]

    @property
    def all(self) -> tuple[Object, ...]:
        return self.old if self.new is None else (*self.old, self.new)


@dataclass(frozen=True, slots=True)
class Resize:
    """Give a ReplicaSet so many replicas."""

    replica_set: Object
    replicas: int
    annotate: bool = False
    """Even if it has so many: its annotations may be out of date."""


def sort_out(deployment: Object, replica_sets: Iterable[Object]) -> Sets:
    """Of several with the template the oldest is the new one."""
    ordered = oldest_first(replica_sets)
    template = deployment["spec"]["template"]
    new = next((each for each in ordered if same_template(template, each["spec"]["template"])), None)
    return Sets(new, tuple(each for each in ordered if each is not new))


def same_template(a: Object, b: Object) -> bool:
    """Equal but for the hash that is put into the labels of a ReplicaSet's."""
    return semantic_equal("PodTemplateSpec", without_hash(a), without_hash(b))


def without_hash(template: Object) -> Object:
    metadata = template.get("metadata") or {}
    labels = metadata.get("labels") or {}
    if HASH_LABEL not in labels:
        return template
    rest = {name: value for name, value in labels.items() if name != HASH_LABEL}
    others = {name: value for name, value in metadata.items() if name != "labels"}
    return template | {"metadata": others | ({"labels": rest} if rest else {})}


def oldest_first(replica_sets: Iterable[Object]) -> list[Object]:
    return sorted(
        replica_sets, key=lambda each: (each["metadata"].get("creationTimestamp", ""), each["metadata"]["name"])
    )


def newest_first(replica_sets: Iterable[Object]) -> list[Object]:
    return oldest_first(replica_sets)[::-1]


def active(replica_sets: Iterable[Object]) -> list[Object]:
    """Those that are to have pods."""
    return [each for each in replica_sets if size(each) > 0]


def size(replica_set: Object) -> int:
    """How many pods it is to have."""
    replicas: int = replica_set["spec"].get("replicas", 1)
    return replicas


def counted(replica_set: Object, name: str) -> int:
    """A number of its status: replicas, readyReplicas, availableReplicas."""
    number: int = (replica_set.get("status") or {}).get(name) or 0
    return number


def total_size(replica_sets: Iterable[Object]) -> int:
    return sum(map(size, replica_sets))


def total(replica_sets: Iterable[Object], name: str) -> int:
    return sum(counted(each, name) for each in replica_sets)


def terminating(replica_sets: Sequence[Object]) -> int | None:
    """Pods that are about to end; None while a ReplicaSet does not tell. One that nobody has looked at has none."""
    number = 0
    for each in replica_sets:
        status = each.get("status") or {}
        if "terminatingReplicas" in status:
            number += status["terminatingReplicas"]
        elif status.get("observedGeneration"):
            return None
    return number
