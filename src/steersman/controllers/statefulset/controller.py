"""statefulset: pods with stable names and storage, made, replaced and given up in order.

Reads: statefulsets, controllerrevisions, pods, persistentvolumeclaims. Writes: statefulsets (status; looked at where
they are kept before an adoption), pods (create, delete, update, adopt, release), persistentvolumeclaims (create,
update), controllerrevisions (create, update, delete, adopt), events.
Invariants: nothing is decided before the cache shows all own writes, a stale status included, since it says which
revision is the current one; see `plan`, `rollout`, `claims`.
Upstream differences: a change of a claim concerns the set that made it, at once; see `plan`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS
from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.core.workload import compiled
from steersman.api.errors import ApiError
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key
from steersman.controllers.base import Controller, Requeue, Writes
from steersman.controllers.history import in_order, template_in
from steersman.controllers.ownership import (
    BY_OWNER,
    Claim,
    Claims,
    OwnerGoneError,
    candidates,
    concerned_owners,
    owner_keys,
    plan_claim,
)
from steersman.controllers.pending import Pending
from steersman.controllers.pod_control import slow_start
from steersman.controllers.pods import available_in_s
from steersman.controllers.statefulset.hands import Hands
from steersman.controllers.statefulset.identity import is_member, sets_of_claim
from steersman.controllers.statefulset.plan import Plan, Version, plan_set
from steersman.controllers.statefulset.revisions import Revisions
from steersman.controllers.statefulset.status import is_told, plan_status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object
    from steersman.controllers.statefulset.hands import Failure
    from steersman.controllers.statefulset.plan import Act


class StatefulSets(Controller):
    """See the module."""

    name = "statefulset"
    reads = (STATEFUL_SETS, CONTROLLER_REVISIONS, PODS, PERSISTENT_VOLUME_CLAIMS)
    writes = (
        Writes(STATEFUL_SETS, ("get",)),
        Writes(STATEFUL_SETS, ("update",), "status"),
        Writes(STATEFUL_SETS, ("update",), "finalizers"),
        Writes(PODS, ("create", "delete", "patch", "update")),
        Writes(PODS, ("update",), "finalizers"),
        Writes(PERSISTENT_VOLUME_CLAIMS, ("create", "update")),
        Writes(CONTROLLER_REVISIONS, ("create", "delete", "get", "patch", "update")),
    )

    def setup(self) -> None:
        self._pending_pods = Pending(view=self.view, resource=PODS)
        self._pending_claims = Pending(view=self.view, resource=PERSISTENT_VOLUME_CLAIMS)
        self._pending_sets = Pending(view=self.view, resource=STATEFUL_SETS)
        self._pod_claims = Claims(client=self.client, owners=STATEFUL_SETS, objects=PODS)
        self._revision_claims = Claims(client=self.client, owners=STATEFUL_SETS, objects=CONTROLLER_REVISIONS)
        self._revisions = Revisions(client=self.client)
        self._hands = Hands(
            client=self.client,
            recorder=self.recorder,
            view=self.view,
            pending_pods=self._pending_pods,
            pending_claims=self._pending_claims,
        )
        self.index(PODS, BY_OWNER, owner_keys)
        self.index(CONTROLLER_REVISIONS, BY_OWNER, owner_keys)
        self.on(STATEFUL_SETS)
        self.on(PODS, self._concerned)
        self.on(PERSISTENT_VOLUME_CLAIMS, self._concerned_by_claim)

    async def reconcile(self, key: Key) -> Requeue | None:
        stateful_set = self.view.get(STATEFUL_SETS, key)
        all_pending = (self._pending_sets, self._pending_pods, self._pending_claims)
        if stateful_set is None:
            for pending in all_pending:
                pending.forget(key)
            return None
        selector = compiled(stateful_set["spec"].get("selector"))
        if selector is None or not all(pending.settled(key) for pending in all_pending):
            return None
        try:
            revisions = await self._own_revisions(stateful_set, selector)
            pods = await self._own_pods(stateful_set, selector)
        except OwnerGoneError as error:
            self.logger.info("%s", error)
            return None
        return await self._drive(key, stateful_set, in_order(revisions), pods)

    # -- carrying out

    async def _drive(
        self, key: Key, stateful_set: Object, revisions: list[Object], pods: list[Object]
    ) -> Requeue | None:
        now = self.clock.now()
        current, update, collisions = await self._revisions.settle(stateful_set, revisions)
        versions = [Version(each["metadata"]["name"], template_in(each)) for each in (current, update)]
        plan = plan_set(
            stateful_set,
            pods,
            current=versions[0],
            update=versions[1],
            claim=lambda name: self.view.get(PERSISTENT_VOLUME_CLAIMS, Key(key.namespace, name)),
            now=now,
        )
        failure = await self._carry_out(stateful_set, plan)
        given_up = 0
        if failure is None:
            given_up, failure = await self._roll_out(stateful_set, plan.rollout)
        status = plan_status(
            stateful_set,
            pods,
            current=versions[0].revision,
            update=versions[1].revision,
            collisions=collisions,
            given_up=given_up,
            now=now,
        )
        if not is_told(stateful_set, status):
            written = await self.client.update_status(STATEFUL_SETS, stateful_set | {"status": status})
            self._pending_sets.created(key, written)
        used = [version.revision for version in versions]
        await self._revisions.clean_up(stateful_set, revisions, used, pods)
        if failure is not None:
            raise failure
        min_ready_s = stateful_set["spec"].get("minReadySeconds", 0)
        waits = [wait_s for pod in pods if (wait_s := available_in_s(pod, min_ready_s, now))]
        return Requeue(after_s=min(waits)) if waits else None

    async def _carry_out(self, stateful_set: Object, plan: Plan) -> Failure | None:
        """The first error, after which nothing else was begun."""
        for acts in plan.rounds:
            rest = iter(acts)

            async def act_next(rest: Iterator[tuple[Object, list[Act]]] = rest) -> None:
                pod, todo = next(rest)
                await self._hands.carry_out(stateful_set, pod, todo)

            failure = await (slow_start if plan.parallel else one_by_one)(len(acts), act_next)
            if failure is not None:
                return failure
        return None

    async def _roll_out(self, stateful_set: Object, pods: Iterable[Object]) -> tuple[int, Failure | None]:
        """How many were deleted, and what went wrong with the next one."""
        done = 0
        for pod in pods:
            try:
                await self._hands.delete(stateful_set, pod)
            except (ApiError, TransportError) as error:
                return done, error
            done += 1
        return done, None

    async def _own_revisions(self, stateful_set: Object, selector: Selector) -> list[Object]:
        """Those that match; orphans are adopted, and nothing is released."""
        claim = plan_claim(stateful_set, candidates(self.view, CONTROLLER_REVISIONS, stateful_set), _by(selector))
        return await self._revision_claims.settle(stateful_set, Claim(claim.owned, claim.adopt, []))

    async def _own_pods(self, stateful_set: Object, selector: Selector) -> list[Object]:
        matches = _by(selector)
        claim = plan_claim(
            stateful_set,
            candidates(self.view, PODS, stateful_set),
            lambda pod: matches(pod) and is_member(stateful_set, pod),
        )
        return await self._pod_claims.settle(stateful_set, claim)

    # -- which keys a change concerns

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        return concerned_owners(old, new, kind=STATEFUL_SETS.kind, adopters=self._adopters)

    def _adopters(self, pod: Object) -> Iterable[Key]:
        labels = pod["metadata"].get("labels") or {}
        for stateful_set in self.view.list(STATEFUL_SETS, pod["metadata"]["namespace"]):
            selector = compiled(stateful_set["spec"].get("selector"))
            if selector is not None and selector.matches(labels):
                yield key_of(stateful_set)

    def _concerned_by_claim(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        claim = new or old
        assert claim is not None
        key = key_of(claim)
        return map(key_of, sets_of_claim(key.name, self.view.list(STATEFUL_SETS, key.namespace)))


async def one_by_one(count: int, step: Callable[[], Awaitable[None]]) -> Failure | None:
    """Run `step` `count` times, until one fails; its error."""
    for _ in range(count):
        try:
            await step()
        except (ApiError, TransportError) as error:
            return error
    return None


def _by(selector: Selector) -> Callable[[Object], bool]:
    return lambda obj: selector.matches(obj["metadata"].get("labels") or {})
