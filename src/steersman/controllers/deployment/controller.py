"""deployment: ReplicaSets for the versions of a Deployment's template, and pods moved from old ones to the new.

Reads: deployments, replicasets, pods. Writes: deployments (status and annotations, the whole when rolled back; looked
at where they are kept before an adoption), replicasets (create, update, delete, adopt and release), events.
Invariants: nothing is decided before the caches show all own writes; never more pods than surge allows are asked for,
never fewer than availability demands; a template has one ReplicaSet, whose name follows from it.
Upstream differences: the revision of a ReplicaSet that is new again, and the Deployment's, are written in one round;
whether a taken name is the right ReplicaSet is looked up where it is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.pod import PODS
from steersman.api.core.workload import compiled
from steersman.api.errors import ApiError, NotFound
from steersman.api.meta.conditions import find_condition
from steersman.client.client import key_of
from steersman.client.errors import is_cause
from steersman.client.request import Key
from steersman.controllers.base import Controller, NotYet, Requeue, Writes
from steersman.controllers.deployment import status as states
from steersman.controllers.deployment.clean_up import plan_clean_up
from steersman.controllers.deployment.creation import CollisionError, create_replica_set, render_replica_set
from steersman.controllers.deployment.replica_sets import Resize, Sets, size, sort_out
from steersman.controllers.deployment.revisions import (
    REVISION,
    annotations_of,
    newest_revision,
    plan_annotations,
    replicas_annotations,
)
from steersman.controllers.deployment.rollback import plan_rollback, wanted_revision
from steersman.controllers.deployment.rollout import has_old_pods, new_size, plan_recreate_end, plan_rolling
from steersman.controllers.deployment.scaling import is_scaled, plan_scaling
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

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.labels import Selector
    from steersman.api.meta.types import Object

_TERMINATING = "NamespaceTerminating"


class _NothingToDoError(Exception):
    """The namespace is being deleted: nothing can be created there any more, and nothing needs to be."""


class Deployments(Controller):
    """See the module."""

    name = "deployment"
    reads = (DEPLOYMENTS, REPLICA_SETS, PODS)
    writes = (
        Writes(DEPLOYMENTS, ("get", "update")),
        Writes(DEPLOYMENTS, ("update",), "status"),
        Writes(DEPLOYMENTS, ("update",), "finalizers"),
        Writes(REPLICA_SETS, ("create", "delete", "get", "patch", "update")),
    )

    def setup(self) -> None:
        self._pending_sets = Pending(view=self.view, resource=REPLICA_SETS)
        self._pending_deployments = Pending(view=self.view, resource=DEPLOYMENTS)
        self._claims = Claims(client=self.client, owners=DEPLOYMENTS, objects=REPLICA_SETS)
        self.index(REPLICA_SETS, BY_OWNER, owner_keys)
        self.index(PODS, BY_OWNER, owner_keys)
        self.on(DEPLOYMENTS)
        self.on(REPLICA_SETS, self._concerned)
        self.on(PODS, self._concerned_by_pod)

    async def reconcile(self, key: Key) -> Requeue | None:
        deployment = self.view.get(DEPLOYMENTS, key)
        all_pending = (self._pending_deployments, self._pending_sets)
        if deployment is None:
            for pending in all_pending:
                pending.forget(key)
            return None
        selector = compiled(deployment["spec"].get("selector"))
        if selector is None or not all(pending.settled(key) for pending in all_pending):
            return None
        if selector.everything:
            await self._refuse(key, deployment)
            return None
        try:
            sets = sort_out(deployment, await self._claim(deployment, selector))
            return await self._drive(key, deployment, sets)
        except (OwnerGoneError, _NothingToDoError) as error:
            self.logger.info("%s: %s", key, error)
            return None

    # -- the ways to go

    async def _drive(self, key: Key, deployment: Object, sets: Sets) -> Requeue | None:
        if deployment["metadata"].get("deletionTimestamp"):
            deployment, sets = await self._note_new(key, deployment, sets)
            await self._write(key, deployment, states.plan_status(deployment, sets, now=self.clock.now()))
            return None
        paused = states.plan_pause(deployment, now=self.clock.now())
        if paused is not None:
            deployment = await self._write(key, deployment, paused)
        deployment, sets = await self._note_new(key, deployment, sets)
        rolls_back = wanted_revision(deployment) is not None
        if deployment["spec"].get("paused"):
            await self._scale(key, deployment, sets, clean_up=not rolls_back)
            return None
        if rolls_back:
            await self._roll_back(key, *await self._ensure_new(key, deployment, sets))
            return None
        if is_scaled(deployment, sets):
            await self._scale(key, deployment, sets, clean_up=False)
            return None
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            return await self._recreate(key, deployment, sets)
        deployment, sets = await self._ensure_new(key, deployment, sets)
        if not await self._resize(key, deployment, plan_rolling(deployment, sets)):
            await self._clean_up_behind(key, deployment, sets)
        return await self._tell_rollout(key, deployment, sets)

    async def _recreate(self, key: Key, deployment: Object, sets: Sets) -> Requeue | None:
        if await self._resize(key, deployment, plan_recreate_end(sets)):
            return await self._tell_rollout(key, deployment, sets)
        uids = [each["metadata"]["uid"] for each in sets.all]
        if has_old_pods(sets, {uid: list(self.view.by_index(PODS, BY_OWNER, uid)) for uid in uids}):
            return await self._tell_rollout(key, deployment, sets)
        deployment, sets = await self._ensure_new(key, deployment, sets)
        replicas = deployment["spec"]["replicas"]
        await self._resize(
            key, deployment, [Resize(new, replicas) for new in (sets.new,) if new and size(new) != replicas]
        )
        await self._clean_up_behind(key, deployment, sets)
        return await self._tell_rollout(key, deployment, sets)

    async def _scale(self, key: Key, deployment: Object, sets: Sets, *, clean_up: bool) -> None:
        """No rollout, only the same in another size."""
        await self._resize(key, deployment, plan_scaling(deployment, sets))
        if clean_up:
            await self._clean_up(key, deployment, sets)
        await self._write(key, deployment, states.plan_status(deployment, sets, now=self.clock.now()))

    async def _roll_back(self, key: Key, deployment: Object, sets: Sets) -> None:
        plan = plan_rollback(deployment, sets)
        if plan.type == "Warning":
            self.recorder.event(deployment, plan.type, plan.reason, plan.message)
        self._pending_deployments.created(key, await self.client.update(DEPLOYMENTS, plan.deployment))
        if plan.type == "Normal":
            self.recorder.event(deployment, plan.type, plan.reason, plan.message)

    async def _refuse(self, key: Key, deployment: Object) -> None:
        message = "This deployment is selecting all pods. A non-empty selector is required."
        self.recorder.event(deployment, "Warning", "SelectingAll", message)
        status, generation = deployment.get("status") or {}, deployment["metadata"].get("generation", 0)
        if status.get("observedGeneration", 0) < generation:
            await self._write(key, deployment, status | {"observedGeneration": generation})

    # -- the ReplicaSet of the template

    async def _note_new(self, key: Key, deployment: Object, sets: Sets) -> tuple[Object, Sets]:
        """The new ReplicaSet, if there is one, has the highest revision and the Deployment's annotations, and the
        Deployment has its revision.
        """
        new = sets.new
        if new is None:
            return deployment, sets
        annotations = plan_annotations(deployment, new, newest_revision(sets.old) + 1)
        min_ready_s = deployment["spec"].get("minReadySeconds", 0)
        if annotations != annotations_of(new) or new["spec"].get("minReadySeconds", 0) != min_ready_s:
            spec = {name: value for name, value in new["spec"].items() if name != "minReadySeconds"}
            if min_ready_s:
                spec["minReadySeconds"] = min_ready_s
            metadata = new["metadata"] | {"annotations": annotations}
            new = await self._update_set(key, new | {"metadata": metadata, "spec": spec})
            sets = Sets(new, sets.old)
        status = deployment.get("status") or {}
        if states.has_deadline(deployment) and find_condition(deployment, states.PROGRESSING) is None:
            message = f'Found new replica set "{new["metadata"]["name"]}"'
            found = (states.PROGRESSING, "True", "FoundNewReplicaSet", message)
            status = states.with_condition(status, *found, now=self.clock.now())
        return await self._write(key, deployment, status, revision=annotations_of(new).get(REVISION, "")), sets

    async def _ensure_new(self, key: Key, deployment: Object, sets: Sets) -> tuple[Object, Sets]:
        """There is a new ReplicaSet. Raises NotYet if its name is taken, ApiError after telling why there is none."""
        if sets.new is not None:
            return deployment, sets
        revision, replicas = newest_revision(sets.old) + 1, new_size(deployment, sets.old, 0)
        wanted = render_replica_set(deployment, replicas=replicas, revision=revision)
        try:
            new, made = await create_replica_set(self.client, deployment, wanted)
        except CollisionError as error:
            status = deployment.get("status") or {}
            await self._write(key, deployment, status | {"collisionCount": status.get("collisionCount", 0) + 1})
            raise NotYet(str(error)) from error
        except ApiError as error:
            if is_cause(error, _TERMINATING):
                raise _NothingToDoError(str(error)) from error
            await self._tell_creation_failed(key, deployment, wanted, error)
            raise
        self._pending_sets.created(key, new)
        name, status = new["metadata"]["name"], deployment.get("status") or {}
        if made and replicas > 0:
            self._tell_resized(deployment, name, 0, replicas)
        if made and states.has_deadline(deployment):
            created = (states.PROGRESSING, "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
            status = states.with_condition(status, *created, now=self.clock.now())
        return await self._write(key, deployment, status, revision=str(revision)), Sets(new, sets.old)

    async def _tell_creation_failed(self, key: Key, deployment: Object, wanted: Object, error: ApiError) -> None:
        reason = "ReplicaSetCreateError"
        message = f'Failed to create new replica set "{wanted["metadata"]["name"]}": {error}'
        self.recorder.event(deployment, "Warning", reason, message)
        if states.has_deadline(deployment):
            failed = (states.PROGRESSING, "False", reason, message)
            status = states.with_condition(deployment.get("status") or {}, *failed, now=self.clock.now())
            await self._write(key, deployment, status)

    # -- writing

    async def _resize(self, key: Key, deployment: Object, steps: Iterable[Resize]) -> bool:
        """Whether any got another size."""
        resized = False
        present: dict[str, Object] = {}
        for step in steps:
            uid = step.replica_set["metadata"]["uid"]
            replica_set = present.get(uid, step.replica_set)
            annotations = annotations_of(replica_set) | replicas_annotations(deployment)
            before = size(replica_set)
            if before == step.replicas and (not step.annotate or annotations == annotations_of(replica_set)):
                continue
            changed = replica_set | {
                "metadata": replica_set["metadata"] | {"annotations": annotations},
                "spec": replica_set["spec"] | {"replicas": step.replicas},
            }
            present[uid] = await self._update_set(key, changed)
            if before != step.replicas:
                resized = True
                self._tell_resized(deployment, replica_set["metadata"]["name"], before, step.replicas)
        return resized

    def _tell_resized(self, deployment: Object, name: str, before: int, after: int) -> None:
        way = "up" if before < after else "down"
        message = f"Scaled {way} replica set {name} from {before} to {after}"
        self.recorder.event(deployment, "Normal", "ScalingReplicaSet", message)

    async def _clean_up_behind(self, key: Key, deployment: Object, sets: Sets) -> None:
        """After a rollout that is over."""
        if states.is_complete(deployment, deployment.get("status") or {}):
            await self._clean_up(key, deployment, sets)

    async def _clean_up(self, key: Key, deployment: Object, sets: Sets) -> None:
        for each in plan_clean_up(deployment, sets.old):
            try:
                await self.client.delete(REPLICA_SETS, key_of(each), uid=each["metadata"]["uid"])
            except NotFound:
                continue
            self._pending_sets.deleted(key, each)

    async def _tell_rollout(self, key: Key, deployment: Object, sets: Sets) -> Requeue | None:
        now = self.clock.now()
        status = states.plan_rollout_status(deployment, sets, now=now)
        if status != (deployment.get("status") or {}):
            await self._write(key, deployment, status)
            return None
        wait_s = states.checked_in_s(deployment, status, now=now)
        return Requeue(after_s=wait_s) if wait_s is not None else None

    async def _write(self, key: Key, deployment: Object, status: Object, *, revision: str = "") -> Object:
        """The status, and the revision with it; only if they differ. The Deployment as it is then."""
        annotations = annotations_of(deployment)
        if revision:
            annotations = annotations | {REVISION: revision}
        if status == (deployment.get("status") or {}) and annotations == annotations_of(deployment):
            return deployment
        metadata = deployment["metadata"] | ({"annotations": annotations} if annotations else {})
        written = await self.client.update_status(DEPLOYMENTS, deployment | {"metadata": metadata, "status": status})
        self._pending_deployments.created(key, written)
        return written

    async def _update_set(self, key: Key, replica_set: Object) -> Object:
        written = await self.client.update(REPLICA_SETS, replica_set)
        self._pending_sets.created(key, written)
        return written

    # -- what is its own, and which keys a change concerns

    async def _claim(self, deployment: Object, selector: Selector) -> list[Object]:
        found = candidates(self.view, REPLICA_SETS, deployment)
        claim = plan_claim(deployment, found, lambda each: selector.matches(each["metadata"].get("labels") or {}))
        return await self._claims.settle(deployment, claim)

    def _concerned(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        return concerned_owners(old, new, kind=DEPLOYMENTS.kind, adopters=self._adopters)

    def _adopters(self, replica_set: Object) -> Iterable[Key]:
        labels = replica_set["metadata"].get("labels") or {}
        for deployment in self.view.list(DEPLOYMENTS, replica_set["metadata"]["namespace"]):
            selector = compiled(deployment["spec"].get("selector"))
            if selector is not None and not selector.everything and selector.matches(labels):
                yield key_of(deployment)

    def _concerned_by_pod(self, old: Object | None, new: Object | None) -> Iterable[Key]:
        """Of the last one that goes: old pods must be gone before a Deployment that recreates goes on."""
        owner = controller_of(old) if old is not None and new is None else None
        if old is None or owner is None or owner["kind"] != REPLICA_SETS.kind:
            return
        namespace = old["metadata"]["namespace"]
        replica_set = self.view.get(REPLICA_SETS, Key(namespace, owner["name"]))
        reference = controller_of(replica_set) if replica_set is not None else None
        if reference is None or reference["kind"] != DEPLOYMENTS.kind:
            return
        deployment = self.view.get(DEPLOYMENTS, Key(namespace, reference["name"]))
        if deployment is not None and deployment["spec"]["strategy"]["type"] == "Recreate":
            yield key_of(deployment)
