"""replicas: what ReplicaSets and ReplicationControllers have in common: as many pods of a template as asked for.

Invariants: pods are counted only when the cache shows all own writes; of many creations the first few go first, and the
rest only if those went well; a pod that is given up is the one whose loss costs least.
Upstream: pkg/controller/replicaset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from steersman.api.core.pod import PODS
from steersman.api.meta.conditions import find_condition, remove_condition
from steersman.client.client import key_of
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue
from steersman.controllers.ownership import (
    BY_OWNER,
    Claims,
    OwnerGoneError,
    candidates,
    controller_of,
    owner_keys,
    plan_claim,
    reference_to,
)
from steersman.controllers.pending import Pending
from steersman.controllers.pod_control import Failure, PodControl
from steersman.controllers.pods import (
    available_in_s,
    is_active,
    is_ready,
    is_terminal,
    is_terminating,
    plan_deletions,
    pod_of_template,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

BURST = 500
"""Pods created or deleted in one round."""
FAILURE = "ReplicaFailure"


@dataclass(frozen=True, slots=True)
class Create:
    """So many pods are missing."""

    count: int


@dataclass(frozen=True, slots=True)
class Delete:
    """These pods are too many."""

    pods: list[Object]


class Replicas(Controller):
    """Subclasses name the resource, and find its selector."""

    resource: ClassVar[Resource]
    counts_terminating: ClassVar[bool]
    """Whether status.terminatingReplicas is kept."""

    def setup(self) -> None:
        self._pending = Pending(view=self.view, resource=PODS)
        self._claims = Claims(client=self.client, owners=self.resource, objects=PODS)
        self._pods = PodControl(client=self.client, recorder=self.recorder, pending=self._pending)
        self.index(PODS, BY_OWNER, owner_keys)
        self.on(self.resource)
        self.on(PODS, self._concerned)

    def selector(self, owner: Object) -> Selector | None:
        """None: it selects nothing that can be."""
        raise NotImplementedError

    async def reconcile(self, key: Key) -> Requeue | None:
        owner = self.view.get(self.resource, key)
        if owner is None:
            self._pending.forget(key)
            return None
        selector = self.selector(owner)
        if selector is None:
            return None
        uid = owner["metadata"]["uid"]
        pods = candidates(self.view, PODS, owner)

        def matches(pod: Object) -> bool:
            return selector.matches(pod["metadata"].get("labels") or {})

        settled = self._pending.settled(key)
        try:
            mine = await self._claims.settle(owner, plan_claim(owner, filter(is_active, pods), matches))
        except OwnerGoneError as error:
            self.logger.info("%s", error)
            return None
        failure: Failure | None = None
        now = self.clock.now()
        if settled and not owner["metadata"].get("deletionTimestamp"):
            related = self._related(owner)
            failure = await self._carry_out(key, owner, plan_replicas(owner, mine, related, now))
        leaving = [pod for pod in pods if is_terminating(pod) and _is_of(pod, uid) and matches(pod)]
        timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        status = plan_status(
            owner, mine, leaving if self.counts_terminating else None, failure=failure, now=now, timestamp=timestamp
        )
        if status is not None:
            await self.client.update_status(self.resource, owner | {"status": status})
        if failure is not None:
            raise failure
        min_ready_s = owner["spec"].get("minReadySeconds", 0)
        if not min_ready_s:
            return None
        waits = [wait_s for pod in mine if (wait_s := available_in_s(pod, min_ready_s, now))]
        return Requeue(after_s=min(waits)) if waits else None

    # -- carrying out

    async def _carry_out(self, key: Key, owner: Object, step: Create | Delete | None) -> Failure | None:
        match step:
            case Create(count):
                pod = pod_of_template(
                    owner["spec"]["template"],
                    owner=key.name,
                    namespace=key.namespace,
                    reference=reference_to(owner, self.resource),
                )
                return await self._pods.create(key, owner, [pod] * count)
            case Delete(pods):
                return await self._pods.delete(key, owner, pods)
            case None:
                return None

    # -- which keys a change concerns

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """Of a pod's change: its controller, before and after; of an orphan whoever might adopt it."""
        keys: list[Key] = []
        if old is not None and new is not None and standing(old) == standing(new) and not self._relabelled(old, new):
            return keys  # as when pods get their nodes: of a thousand, each would be counted a thousand times
        for pod in (old, new):
            reference = controller_of(pod) if pod is not None else None
            if pod is not None and reference is not None and reference["kind"] == self.resource.kind:
                keys.append(Key(pod["metadata"]["namespace"], reference["name"]))
        if new is not None and controller_of(new) is None and is_active(new):
            keys += self._adopters(new)
        return keys

    def _relabelled(self, old: Object, new: Object) -> bool:
        """Whether labels changed that the owner looks at. Where a pod is becomes a label of it when it is bound."""
        before, after = (pod["metadata"].get("labels") or {} for pod in (old, new))
        if before == after:
            return False
        reference = controller_of(new)
        owner = (
            self.view.get(self.resource, Key(new["metadata"]["namespace"], reference["name"])) if reference else None
        )
        selector = self.selector(owner) if owner is not None else None
        if owner is None or selector is None:
            return True
        wanted = _template_labels(owner)
        return selector.matches(before) is not selector.matches(after) or (
            (wanted.items() <= before.items()) is not (wanted.items() <= after.items())
        )

    def _adopters(self, pod: Object) -> Iterable[Key]:
        labels = pod["metadata"].get("labels") or {}
        for owner in self.view.list(self.resource, pod["metadata"]["namespace"]):
            selector = self.selector(owner)
            if selector is not None and selector.matches(labels):
                yield key_of(owner)

    def _related(self, owner: Object) -> list[Object]:
        """The pods of all siblings under the same controller, its own among them."""
        reference = controller_of(owner)
        siblings: Sequence[Object] = [owner]
        if reference is not None:
            siblings = [
                other
                for other in self.view.list(self.resource, owner["metadata"]["namespace"])
                if _is_of(other, reference["uid"])
            ]
        return [pod for sibling in siblings for pod in self.view.by_index(PODS, BY_OWNER, sibling["metadata"]["uid"])]


def plan_replicas(
    owner: Object, pods: Sequence[Object], related: Sequence[Object], now: datetime
) -> Create | Delete | None:
    """What is missing or too many, at most BURST. `pods`: active ones of the owner; `related`: see plan_deletions."""
    surplus = len(pods) - owner["spec"]["replicas"]
    if surplus < 0:
        return Create(min(-surplus, BURST))
    if surplus > 0:
        return Delete(plan_deletions(pods, related, min(surplus, BURST), now))
    return None


def plan_status(
    owner: Object,
    pods: Sequence[Object],
    leaving: Sequence[Object] | None,
    *,
    failure: Exception | None,
    now: datetime,
    timestamp: str,
) -> Object | None:
    """The status to write; None if it says all that already. `leaving`: terminating pods, None: not counted."""
    spec, metadata = owner["spec"], owner["metadata"]
    wanted = _template_labels(owner)
    min_ready_s = spec.get("minReadySeconds", 0)
    ready = [pod for pod in pods if is_ready(pod)]
    counts = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(wanted.items() <= (pod["metadata"].get("labels") or {}).items() for pod in pods),
        "readyReplicas": len(ready),
        "availableReplicas": sum(available_in_s(pod, min_ready_s, now) == 0 for pod in ready),
    }
    old = owner.get("status") or {}
    # "replicas" stands in every status, the other counts only where they are not zero.
    status: Object = {name: count for name, count in counts.items() if count or name == "replicas"}
    if leaving is not None:
        status["terminatingReplicas"] = len(leaving)
    status["observedGeneration"] = metadata.get("generation", 0)
    if old.get("conditions"):
        status["conditions"] = list(old["conditions"])
    _tell_failure(status, failure, surplus=len(pods) - spec["replicas"], timestamp=timestamp)
    return None if status == old else status


def standing(pod: Object) -> tuple[object, ...]:
    """All but labels by which a pod counts for its owner, whatever else changes of it."""
    metadata = pod["metadata"]
    return (
        metadata.get("ownerReferences"),
        "deletionTimestamp" in metadata,
        is_terminal(pod),
        find_condition(pod, "Ready"),
    )


def _tell_failure(status: Object, failure: Exception | None, *, surplus: int, timestamp: str) -> None:
    holder = {"status": status}
    known = find_condition(holder, FAILURE)
    if failure is None:
        if known is not None:
            remove_condition(holder, FAILURE)
            if not status.get("conditions"):
                status.pop("conditions", None)
    elif known is None:
        condition = {"type": FAILURE, "status": "True", "lastTransitionTime": timestamp, "message": str(failure)}
        if surplus:
            condition["reason"] = "FailedCreate" if surplus < 0 else "FailedDelete"
        status.setdefault("conditions", []).append(condition)


def _template_labels(owner: Object) -> Object:
    return (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}


def _is_of(obj: Object, uid: str) -> bool:
    reference = controller_of(obj)
    return reference is not None and reference["uid"] == uid
