"""hands: writes the pods of Jobs.

Invariants: a pod that lost its finalizer here is not looked at again before the cache shows it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, Invalid, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError
from steersman.client.request import PatchType
from steersman.controllers.job.template import TRACKING, is_tracked
from steersman.controllers.pod_control import PodControl, slow_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.client.request import Key
    from steersman.controllers.base import View
    from steersman.controllers.pending import Pending
    from steersman.controllers.pod_control import Failure


class Hands:
    """For one controller."""

    def __init__(self, *, client: Client, recorder: Recorder, view: View, pending: Pending) -> None:
        self._client = client
        self._view = view
        self._pending = pending
        self._control = PodControl(client=client, recorder=recorder, pending=pending)
        self._released: dict[Key, dict[str, Key]] = {}

    async def create(self, key: Key, job: Object, pods: Sequence[Object]) -> tuple[int, Failure | None]:
        """How many there are now, and the first error, after which the rest was not tried."""
        rest = iter(pods)
        made = 0

        async def create_next() -> None:
            nonlocal made
            await self._control.create_one(key, job, next(rest))
            made += 1

        failure = await slow_start(len(pods), create_next)
        return made, failure

    async def delete(
        self, key: Key, job: Object, pods: Sequence[Object], *, uncounted: bool
    ) -> tuple[list[Object], Failure | None]:
        """Those that are gone or going, and the first error. `uncounted`: they are no failures, and lose the finalizer
        beforehand.
        """

        async def delete_one(pod: Object) -> Failure | None:
            failure = await self._untrack(key, pod) if uncounted else None
            return failure if failure is not None else await self._control.delete_one(key, job, pod)

        failures = await asyncio.gather(*(delete_one(pod) for pod in pods))
        gone = [pod for pod, failure in zip(pods, failures, strict=True) if failure is None]
        return gone, next((failure for failure in failures if failure is not None), None)

    async def release(self, key: Key, pods: Sequence[Object]) -> tuple[frozenset[str], Failure | None]:
        """Take the finalizer from each; the uids of those that have it no more, and the first error."""
        failures = await asyncio.gather(*(self._untrack(key, pod) for pod in pods))
        done = {
            pod["metadata"]["uid"]: key_of(pod) for pod, failure in zip(pods, failures, strict=True) if failure is None
        }
        if done:
            self._released.setdefault(key, {}).update(done)
        return frozenset(done), next((failure for failure in failures if failure is not None), None)

    async def free(self, pod: Object) -> None:
        """Take the finalizer from a pod that no Job counts. Raises ApiError, TransportError."""
        failure = await self._untrack(None, pod)
        if failure is not None:
            raise failure

    def settled(self, key: Key) -> bool:
        """Whether the cache shows every pod of a Job without the finalizer that it has lost here."""
        released = self._released.get(key)
        if released is None:
            return True
        for uid in [uid for uid, place in released.items() if not self._shows(uid, place)]:
            del released[uid]
        if released:
            return False
        del self._released[key]
        return True

    def forget(self, key: Key) -> None:
        """The Job is no more."""
        self._released.pop(key, None)

    def _shows(self, uid: str, place: Key) -> bool:
        pod = self._view.get(PODS, place)
        return pod is not None and pod["metadata"]["uid"] == uid and is_tracked(pod)

    async def _untrack(self, key: Key | None, pod: Object) -> Failure | None:
        """For `key`, which waits until the cache shows it."""
        if not is_tracked(pod):
            return None
        metadata = {"uid": pod["metadata"]["uid"], "$deleteFromPrimitiveList/finalizers": [TRACKING]}
        try:
            answer = await self._client.patch(PODS, key_of(pod), {"metadata": metadata}, kind=PatchType.STRATEGIC)
        except (NotFound, Invalid):
            return None  # it is gone, or another one has its name
        except (ApiError, TransportError) as error:
            return error
        if key is not None:
            self._pending.created(key, answer)
        return None
