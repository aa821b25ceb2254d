"""daemonset: a pod of a DaemonSet's template on every node that it fits, and those replaced when the template changes.

Reads: daemonsets, controllerrevisions, pods, nodes. Writes: daemonsets (status; looked at where they are kept before an
adoption and a collision), pods (create, delete, adopt, release, relabel), controllerrevisions (create, update, delete,
adopt, release), events.
Invariants: pods are counted only when the cache shows all own writes; what is missing or too many comes first, and a
template is rolled out only when nothing is; see `placement`, `presence`, `rollout`.
Upstream differences: hashes of templates have other texts (see `hashes`); a node that goes away concerns the sets that
had it, at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.workload import compiled
from steersman.client.client import key_of
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.daemonset.failures import Failures
from steersman.controllers.daemonset.placement import Placement, same_to_daemons
from steersman.controllers.daemonset.pods import by_node, pods_for
from steersman.controllers.daemonset.presence import Steps, plan_presence
from steersman.controllers.daemonset.revisions import Revisions
from steersman.controllers.daemonset.rollout import plan_rollout
from steersman.controllers.daemonset.status import plan_status
from steersman.controllers.ownership import (
    BY_OWNER,
    Claims,
    OwnerGoneError,
    candidates,
    concerned_owners,
    controller_of,
    owner_keys,
    plan_claim,
)
from steersman.controllers.pending import Pending
from steersman.controllers.pod_control import PodControl
from steersman.controllers.pods import available_in_s
from steersman.controllers.pods_by_node import PODS_BY_NODE, node_names
from steersman.lib.aio import loop_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.client.request import Key
    from steersman.controllers.pod_control import Failure

BURST = 250
"""Pods created, and deleted, in one round."""


class DaemonSets(Controller):
    """See the module."""

    name = "daemonset"
    account = "daemon-set-controller"
    component = "daemonset-controller"
    reads = (DAEMON_SETS, CONTROLLER_REVISIONS, PODS, NODES)
    writes = (
        Writes(DAEMON_SETS, ("get",)),
        Writes(DAEMON_SETS, ("update",), "status"),
        Writes(DAEMON_SETS, ("update",), "finalizers"),
        Writes(PODS, ("create", "delete", "patch")),
        Writes(CONTROLLER_REVISIONS, ("create", "delete", "get", "patch", "update")),
    )

    def setup(self) -> None:
        self._pending = Pending(view=self.view, resource=PODS)
        self._pod_claims = Claims(client=self.client, owners=DAEMON_SETS, objects=PODS)
        self._revision_claims = Claims(client=self.client, owners=DAEMON_SETS, objects=CONTROLLER_REVISIONS)
        self._pods = PodControl(client=self.client, recorder=self.recorder, pending=self._pending)
        self._revisions = Revisions(client=self.client)
        self._failures = Failures()
        self._placements: dict[str, tuple[int, Placement]] = {}
        self.index(PODS, BY_OWNER, owner_keys)
        self.index(PODS, PODS_BY_NODE, node_names)
        self.index(CONTROLLER_REVISIONS, BY_OWNER, owner_keys)
        self.on(DAEMON_SETS, self._changed)
        self.on(PODS, self._concerned)
        self.on(CONTROLLER_REVISIONS, self._concerned_by_revision)
        self.on(NODES, self._concerned_by_node)

    async def reconcile(self, key: Key) -> Requeue | None:
        daemon_set = self.view.get(DAEMON_SETS, key)
        if daemon_set is None:
            self._pending.forget(key)
            return None
        selector = compiled(daemon_set["spec"].get("selector"))
        if selector is None or selector.everything:
            message = "This daemon set is selecting all pods. A non-empty selector is required."
            self.recorder.event(daemon_set, "Warning", "SelectingAll", message)
            return None
        # What is being deleted may lack its history already, so that nothing true can be said of it.
        if daemon_set["metadata"].get("deletionTimestamp") or not self._pending.settled(key):
            return None
        try:
            pods = await self._claimed(daemon_set, selector, PODS, self._pod_claims)
            revisions = await self._claimed(daemon_set, selector, CONTROLLER_REVISIONS, self._revision_claims)
        except OwnerGoneError as error:
            self.logger.info("%s", error)
            return None
        content_hash, old = await self._revisions.settle(daemon_set, revisions, pods)
        return await self._drive(key, daemon_set, pods, content_hash, old)

    # -- carrying out

    async def _drive(
        self, key: Key, daemon_set: Object, pods: Sequence[Object], content_hash: str, old: list[Object]
    ) -> Requeue | None:
        now = self.clock.now()
        nodes, present, placement = self.view.list(NODES), by_node(pods), self._placement(daemon_set)
        steps = self._plan(daemon_set, nodes, present, placement, content_hash, now)
        failure = await self._carry_out(key, daemon_set, steps, content_hash)
        if failure is None:
            await self._revisions.clean_up(daemon_set, old, pods)
        status = plan_status(daemon_set, nodes, present, placement, content_hash=content_hash, now=now)
        if status is not None:
            await self.client.update_status(DAEMON_SETS, daemon_set | {"status": status})
        if failure is not None:
            raise failure
        min_ready_s = daemon_set["spec"].get("minReadySeconds", 0)
        waits = [wait_s for pod in pods if (wait_s := available_in_s(pod, min_ready_s, now))] + steps.retry_s
        return Requeue(after_s=min(waits)) if waits else None

    def _plan(
        self,
        daemon_set: Object,
        nodes: Sequence[Object],
        pods: dict[str, list[Object]],
        placement: Placement,
        content_hash: str,
        now: datetime,
    ) -> Steps:
        uid, generation = daemon_set["metadata"]["uid"], _observed(daemon_set)

        def backoff_s(node: str) -> float:
            return self._failures.remaining_s(uid, generation, node, loop_time())

        steps = plan_presence(
            daemon_set, nodes, pods, placement, content_hash=content_hash, backoff_s=backoff_s, now=now
        )
        if steps or daemon_set["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return steps
        rollout = plan_rollout(daemon_set, nodes, pods, placement, content_hash=content_hash, now=now)
        rollout.retry_s = steps.retry_s
        return rollout

    async def _carry_out(self, key: Key, daemon_set: Object, steps: Steps, content_hash: str) -> Failure | None:
        uid, generation = daemon_set["metadata"]["uid"], _observed(daemon_set)
        for node in steps.failed:
            self._failures.note(uid, generation, node, loop_time())
        for kind, reason, message in steps.tell:
            self.recorder.event(daemon_set, kind, reason, message)
        created = await self._pods.create(key, daemon_set, pods_for(daemon_set, steps.create[:BURST], content_hash))
        deleted = await self._pods.delete(key, daemon_set, steps.delete[:BURST])
        return created or deleted

    async def _claimed(
        self, daemon_set: Object, selector: Selector, resource: Resource, claims: Claims
    ) -> list[Object]:
        found = candidates(self.view, resource, daemon_set)
        claim = plan_claim(daemon_set, found, lambda obj: selector.matches(obj["metadata"].get("labels") or {}))
        return await claims.settle(daemon_set, claim)

    def _placement(self, daemon_set: Object) -> Placement:
        metadata = daemon_set["metadata"]
        generation = metadata.get("generation", 0)
        known = self._placements.get(metadata["uid"])
        if known is None or known[0] != generation:
            known = self._placements[metadata["uid"]] = (generation, Placement(daemon_set))
        return known[1]

    # -- which keys a change concerns

    def _changed(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            self._placements.pop(old["metadata"]["uid"], None)
            self._failures.forget(old["metadata"]["uid"])
        return [key_of(obj) for obj in (new or old,) if obj is not None]

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        return concerned_owners(old, new, kind=DAEMON_SETS.kind, adopters=self._adopters)

    def _concerned_by_revision(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """A new one that is a set's already changes nothing for it: mostly it has made it itself."""
        if old is None and new is not None and controller_of(new) is not None:
            return ()
        return self._concerned(old, new)

    def _adopters(self, obj: Object) -> Iterable[Key]:
        labels = obj["metadata"].get("labels") or {}
        for daemon_set in self.view.list(DAEMON_SETS, obj["metadata"]["namespace"]):
            selector = compiled(daemon_set["spec"].get("selector"))
            if selector is not None and not selector.everything and selector.matches(labels):
                yield key_of(daemon_set)

    def _concerned_by_node(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """The sets that lack a pod there or have one too many, and those whose count of misplaced pods may be wrong."""
        node = new or old
        assert node is not None
        if old is not None and new is not None and same_to_daemons(old, new):
            return
        there = {
            reference["uid"]
            for pod in self.view.by_index(PODS, PODS_BY_NODE, node["metadata"]["name"])
            if (reference := controller_of(pod)) is not None
        }
        for daemon_set in self.view.list(DAEMON_SETS):
            fit = self._placement(daemon_set).fit(node)
            if daemon_set["metadata"]["uid"] in there:
                misplaced = (daemon_set.get("status") or {}).get("numberMisscheduled", 0)
                concerned = new is None or not fit.stays or misplaced > 0
            else:
                concerned = fit.starts
            if concerned:
                yield key_of(daemon_set)


def _observed(daemon_set: Object) -> int:
    generation: int = (daemon_set.get("status") or {}).get("observedGeneration", 0)
    return generation
