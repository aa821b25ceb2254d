"""replicaset: as many pods of a ReplicaSet's template as it asks for.

Reads: replicasets, pods. Writes: replicasets (status), pods (create, delete, adopt and release), events.
Invariants: see `replicas`.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.pod import PODS
from steersman.api.core.workload import compiled
from steersman.controllers.base import Writes
from steersman.controllers.replicas import Replicas

if TYPE_CHECKING:
    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object


class ReplicaSets(Replicas):
    """See the module."""

    name = "replicaset"
    resource = REPLICA_SETS
    reads = (REPLICA_SETS, PODS)
    writes = (
        Writes(REPLICA_SETS, ("get", "list", "update", "watch")),
        Writes(REPLICA_SETS, ("update",), "status"),
        Writes(REPLICA_SETS, ("update",), "finalizers"),
        Writes(PODS, ("create", "delete", "list", "patch", "watch")),
    )
    counts_terminating = True

    def selector(self, owner: Object) -> Selector | None:
        return compiled(owner["spec"].get("selector"))
