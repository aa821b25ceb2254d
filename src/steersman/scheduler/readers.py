"""readers: what plugins know of the cluster beyond nodes and pods, out of informers.

Reads: services, replicationcontrollers, replicasets, statefulsets, namespaces, poddisruptionbudgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.core.service import SERVICES
from steersman.api.meta.label_selector import compile_selector
from steersman.api.meta.labels import selector_of_labels
from steersman.api.policy.pod_disruption_budget import POD_DISRUPTION_BUDGETS
from steersman.client.request import Key
from steersman.scheduler.plugins.pod_topology_spread import default_selector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.client.informer import Informers
    from steersman.scheduler.pod_info import PodInfo


class Readers:
    """Wishes for its informers when it is made. Objects are read-only."""

    def __init__(self, *, informers: Informers) -> None:
        self._services = informers.of(SERVICES)
        self._namespaces = informers.of(NAMESPACES)
        self._budgets = informers.of(POD_DISRUPTION_BUDGETS)
        self._owners = {
            ("v1", "ReplicationController"): informers.of(REPLICATION_CONTROLLERS),
            ("apps/v1", "ReplicaSet"): informers.of(REPLICA_SETS),
            ("apps/v1", "StatefulSet"): informers.of(STATEFUL_SETS),
        }

    def selecting(self, pod: PodInfo) -> Selector:
        """What the services and the controller of a pod select, together; everything if nothing does."""
        return default_selector(pod, self._services.list(pod.key[0]), self._selected_by_owner(pod))

    def namespace_labels(self, name: str) -> Object:
        """Of one that is not there: none."""
        namespace = self._namespaces.get(Key("", name))
        return (namespace["metadata"].get("labels") or {}) if namespace is not None else {}

    def disruption_budgets(self) -> Sequence[Object]:
        """Of all namespaces."""
        return self._budgets.list()

    def _selected_by_owner(self, pod: PodInfo) -> Selector | None:
        references = pod.pod["metadata"].get("ownerReferences") or ()
        reference = next((each for each in references if each.get("controller")), None)
        if reference is None:
            return None
        informer = self._owners.get((reference["apiVersion"], reference["kind"]))
        owner = informer.get(Key(pod.key[0], reference["name"])) if informer is not None else None
        if owner is None:
            return None
        selector = owner["spec"].get("selector") or {}
        plain = reference["kind"] == "ReplicationController"  # a map of labels
        return selector_of_labels(selector) if plain else compile_selector(selector)
