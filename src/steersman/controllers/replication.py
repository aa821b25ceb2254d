"""replication: as many pods of a ReplicationController's template as it asks for.

Reads: replicationcontrollers, pods. Writes: replicationcontrollers (status), pods (create, delete, adopt and release),
events.
Invariants: see `replicas`.
Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.meta.labels import selector_of_labels
from steersman.controllers.base import Writes
from steersman.controllers.replicas import Replicas

if TYPE_CHECKING:
    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object


class ReplicationControllers(Replicas):
    """See the module."""

    name = "replication"
    resource = REPLICATION_CONTROLLERS
    reads = (REPLICATION_CONTROLLERS, PODS)
    writes = (
        Writes(REPLICATION_CONTROLLERS, ("get", "list", "update", "watch")),
        Writes(REPLICATION_CONTROLLERS, ("update",), "status"),
        Writes(REPLICATION_CONTROLLERS, ("update",), "finalizers"),
        Writes(PODS, ("create", "delete", "list", "patch", "watch")),
    )
    counts_terminating = False

    def selector(self, owner: Object) -> Selector | None:
        labels = owner["spec"].get("selector")
        return selector_of_labels(labels) if labels else None
