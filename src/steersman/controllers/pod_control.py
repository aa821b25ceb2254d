"""pod_control: creates and deletes the pods of a controller's object, and tells of it in events about that object.

Invariants: all that is written is remembered as pending; of many creations the first few go first, and the rest only if
those went well.
Upstream: RealPodControl of pkg/controller/controller_utils.go.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from steersman.api.core.pod import PODS
from steersman.api.errors import ApiError, NotFound
from steersman.client.client import key_of
from steersman.client.errors import TransportError, is_cause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client
    from steersman.client.events import Recorder
    from steersman.client.request import Key
    from steersman.controllers.pending import Pending

Failure = ApiError | TransportError
"""The API refused, or gave no answer."""
SLOW_START = 1
_TERMINATING = "NamespaceTerminating"


class PodControl:
    """For one controller."""

    def __init__(self, *, client: Client, recorder: Recorder, pending: Pending) -> None:
        self._client = client
        self._recorder = recorder
        self._pending = pending

    async def create(self, key: Key, owner: Object, pods: Sequence[Object]) -> Failure | None:
        """For `key`; the first error, after which the rest was not tried."""
        rest = iter(pods)

        async def create_next() -> None:
            await self.create_one(key, owner, next(rest))

        return await slow_start(len(pods), create_next)

    async def create_one(self, key: Key, owner: Object, pod: Object) -> None:
        """For `key`. Raises ApiError, TransportError; not if the namespace is on its way out."""
        try:
            made = await self._client.create(PODS, pod)
        except ApiError as error:
            if is_cause(error, _TERMINATING):
                return  # nothing can be created there any more, and nothing needs to be
            self._recorder.event(owner, "Warning", "FailedCreate", f"Error creating: {error}")
            raise
        self._pending.created(key, made)
        self._recorder.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    async def delete(self, key: Key, owner: Object, pods: Sequence[Object]) -> Failure | None:
        """All of them, side by side; the first error."""
        results = await asyncio.gather(*(self.delete_one(key, owner, pod) for pod in pods))
        return next((result for result in results if result is not None), None)

    async def delete_one(self, key: Key, owner: Object, pod: Object) -> Failure | None:
        """The error, if it is not gone or going now."""
        place = key_of(pod)
        try:
            await self._client.delete(PODS, place)
        except NotFound:
            return None
        except ApiError as error:
            self._recorder.event(owner, "Warning", "FailedDelete", f"Error deleting: {error}")
            return error
        except TransportError as error:
            return error
        self._pending.deleted(key, pod)
        self._recorder.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {place.name}")
        return None


async def slow_start(count: int, step: Callable[[], Awaitable[None]]) -> Failure | None:
    """Run `step` `count` times: once, then twice as many side by side each time, until one fails; its error."""
    batch = SLOW_START
    while count > 0:
        batch = min(batch, count)
        failure = _first_failure(await asyncio.gather(*(step() for _ in range(batch)), return_exceptions=True))
        if failure is not None:
            return failure
        count -= batch
        batch *= 2
    return None


def _first_failure(results: Iterable[object]) -> Failure | None:
    """Raises what is neither refused nor lost: a mistake of ours."""
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        if not isinstance(failure, ApiError | TransportError):
            raise failure
    return next((failure for failure in failures if isinstance(failure, ApiError | TransportError)), None)
