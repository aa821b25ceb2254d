"""hands: writes the pods and claims of a StatefulSet, and tells of it in events about the set.

Invariants: the claims of a pod are made before the pod; all that is written is remembered as pending.
Upstream: stateful_pod_control.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.persistent_volume_claim import PERSISTENT_VOLUME_CLAIMS
from steersman.api.core.pod import PODS
from steersman.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import Key
from steersman.controllers.statefulset.claims import (
    has_foreign_controller,
    has_right_owners,
    new_claims,
    right_owners,
)
from steersman.controllers.statefulset.identity import has_identity, has_storage, with_identity, with_storage
from steersman.controllers.statefulset.plan import Act

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.controllers.base import View
    from steersman.controllers.pending import Pending

Failure = ApiError | TransportError


class Hands:
    """For the controller. Names are used again and again, so a pod is deleted by its uid."""

    def __init__(
        self, *, client: Client, recorder: Recorder, view: View, pending_pods: Pending, pending_claims: Pending
    ) -> None:
        self._client = client
        self._recorder = recorder
        self._view = view
        self._pending_pods = pending_pods
        self._pending_claims = pending_claims

    async def carry_out(self, stateful_set: Object, pod: Object, acts: Iterable[Act]) -> None:
        """One after the other. Raises ApiError, TransportError."""
        for act in acts:
            match act:
                case Act.CREATE:
                    await self._create(stateful_set, pod)
                case Act.DELETE:
                    await self.delete(stateful_set, pod)
                case Act.FURNISH:
                    await self._make_claims(stateful_set, pod)
                    await self._hand_over_or_tell(stateful_set, pod)
                case Act.MEND:
                    await self._mend(stateful_set, pod)
                case Act.HAND_OVER:
                    await self._hand_over(stateful_set, pod)

    async def delete(self, stateful_set: Object, pod: Object) -> None:
        """That it is gone already is fine."""
        try:
            await self._client.delete(PODS, key_of(pod), uid=pod["metadata"].get("uid", ""))
        except NotFound:
            pass
        except Conflict:
            raise  # another one has its name by now, which the cache does not show yet
        except (ApiError, TransportError) as error:
            self._tell_pod("Delete", stateful_set, pod, error)
            raise
        self._pending_pods.deleted(key_of(stateful_set), pod)
        self._tell_pod("Delete", stateful_set, pod)

    # -- pods

    async def _create(self, stateful_set: Object, pod: Object) -> None:
        try:
            await self._make_claims(stateful_set, pod)
        except (ApiError, TransportError) as error:
            self._tell_pod("Create", stateful_set, pod, error)
            raise
        try:
            made = await self._client.create(PODS, pod)
        except AlreadyExists:
            raise  # of somebody else, or not in the cache yet
        except (ApiError, TransportError) as error:
            self._tell_pod("Create", stateful_set, pod, error)
            raise
        self._pending_pods.created(key_of(stateful_set), made)
        await self._hand_over_or_tell(stateful_set, pod)
        self._tell_pod("Create", stateful_set, pod)

    async def _mend(self, stateful_set: Object, pod: Object) -> None:
        mended = pod if has_identity(stateful_set, pod) else with_identity(pod)
        try:
            if not has_storage(stateful_set, pod):
                mended = with_storage(stateful_set, mended)
                await self._make_claims(stateful_set, pod)
            await self._hand_over(stateful_set, pod)
            written = await self._client.update(PODS, mended)
        except (ApiError, TransportError) as error:
            self._tell_pod("Update", stateful_set, pod, error)
            raise
        self._pending_pods.created(key_of(stateful_set), written)
        self._tell_pod("Update", stateful_set, pod)

    # -- claims

    async def _make_claims(self, stateful_set: Object, pod: Object) -> None:
        """Those that are missing. All are tried before the first error is raised."""
        errors: list[Failure] = []
        for claim in new_claims(stateful_set, pod):
            name = claim["metadata"]["name"]
            known = self._view.get(PERSISTENT_VOLUME_CLAIMS, key_of(claim))
            if known is None:
                try:
                    made = await self._client.create(PERSISTENT_VOLUME_CLAIMS, claim)
                except (ApiError, TransportError) as error:
                    errors.append(_about(error, f"failed to create PVC {name}: {error}"))
                    if not isinstance(error, AlreadyExists):
                        self._tell_claim(stateful_set, pod, name, error)
                else:
                    self._pending_claims.created(key_of(stateful_set), made)
                    self._tell_claim(stateful_set, pod, name)
            elif known["metadata"].get("deletionTimestamp"):
                errors.append(Conflict(f"pvc {name} is being deleted"))
        if len(errors) > 1:
            raise _about(errors[0], f"[{', '.join(map(str, errors))}]")
        if errors:
            raise errors[0]

    async def _hand_over_or_tell(self, stateful_set: Object, pod: Object) -> None:
        try:
            await self._hand_over(stateful_set, pod)
        except (ApiError, TransportError) as error:
            self._tell_pod("Update", stateful_set, pod, error)
            raise

    async def _hand_over(self, stateful_set: Object, pod: Object) -> None:
        """Give the claims that there are the owners that they should have."""
        for claim in new_claims(stateful_set, pod):
            name = claim["metadata"]["name"]
            known = self._view.get(PERSISTENT_VOLUME_CLAIMS, Key(claim["metadata"]["namespace"], name))
            if known is None:
                continue
            if has_foreign_controller(stateful_set, pod, known):
                message = (
                    f"PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging controller, "
                    "the retention policy is ignored for this claim"
                )
                self._recorder.event(stateful_set, "Warning", "ConflictingController", message)
            if not has_right_owners(stateful_set, pod, known):
                owned = known["metadata"] | {"ownerReferences": right_owners(stateful_set, pod, known)}
                try:
                    written = await self._client.update(PERSISTENT_VOLUME_CLAIMS, known | {"metadata": owned})
                except (ApiError, TransportError) as error:
                    raise _about(
                        error, f"could not update claim {name} for delete policy ownerRefs: {error}"
                    ) from error
                self._pending_claims.created(key_of(stateful_set), written)

    # -- events

    def _tell_pod(self, verb: str, stateful_set: Object, pod: Object, error: Failure | None = None) -> None:
        what = f"{verb} Pod {pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']}"
        if error is None:
            self._recorder.event(stateful_set, "Normal", f"Successful{verb}", f"{what} successful")
        else:
            self._recorder.event(stateful_set, "Warning", f"Failed{verb}", f"{what} failed error: {error}")

    def _tell_claim(self, stateful_set: Object, pod: Object, claim: str, error: Failure | None = None) -> None:
        where = f"Pod {pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']}"
        if error is None:
            self._recorder.event(stateful_set, "Normal", "SuccessfulCreate", f"Create Claim {claim} {where} success")
        else:
            message = f"Create Claim {claim} for {where} failed error: {error}"
            self._recorder.event(stateful_set, "Warning", "FailedCreate", message)


def _about(error: Failure, message: str) -> Failure:
    """The same error, with more said about it."""
    return type(error)(message)
