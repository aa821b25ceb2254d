"""revisions: the history of a DaemonSet's template: the present one is there once, with the highest number.

Invariants: a revision that a pod was made of is kept; beyond those, as many old ones as spec.revisionHistoryLimit says.
Upstream: constructHistory, cleanupHistory of pkg/controller/daemon/update.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.apps.daemon_set import DAEMON_SETS
from steersman.api.core.pod import PODS
from steersman.api.errors import Conflict
from steersman.client.client import key_of
from steersman.controllers.daemonset.pods import HASH
from steersman.controllers.hashes import template_hash
from steersman.controllers.history import (
    History,
    equal_to,
    in_order,
    new_revision,
    next_number,
    number_of,
    template_patch,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client


class Revisions:
    """For the controller."""

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._history = History(client=client)

    async def settle(
        self, daemon_set: Object, revisions: Iterable[Object], pods: Iterable[Object]
    ) -> tuple[str, list[Object]]:
        """The hash that stands for the present template, and the revisions of others, of all that are the set's."""
        labelled = [await self._labelled(revision) for revision in revisions]
        current = equal_to(template_patch(daemon_set), labelled)
        old = [revision for revision in labelled if revision not in current]
        number = next_number(old)
        if not current:
            kept = await self._create(daemon_set, number)
        else:
            kept = in_order(current)[-1]
            await self._merge(kept, current, pods)
            if number_of(kept) < number:
                await self._history.renumber(kept, number)
        return hash_of(kept), old

    async def clean_up(self, daemon_set: Object, old: Iterable[Object], pods: Iterable[Object]) -> None:
        """Delete what is beyond the limit. `pods`: all of the set."""
        for revision in plan_clean_up(daemon_set, list(old), pods):
            await self._history.delete(revision)

    async def _labelled(self, revision: Object) -> Object:
        labels = revision["metadata"].get("labels") or {}
        return revision if HASH in labels else await self._history.label(revision, HASH, revision["metadata"]["name"])

    async def _merge(self, kept: Object, current: Sequence[Object], pods: Iterable[Object]) -> None:
        """Of several revisions of one template one is enough."""
        if len(current) == 1:
            return
        content_hash = hash_of(kept)
        for pod in pods:
            if (pod["metadata"].get("labels") or {}).get(HASH) != content_hash:
                await self._client.patch(PODS, key_of(pod), {"metadata": {"labels": {HASH: content_hash}}})
        for revision in current:
            if revision is not kept:
                await self._history.delete(revision)

    async def _create(self, daemon_set: Object, number: int) -> Object:
        collisions = (daemon_set.get("status") or {}).get("collisionCount")
        content_hash = template_hash(daemon_set["spec"]["template"], collisions)
        wanted = new_revision(daemon_set, DAEMON_SETS, number=number, label=HASH, content_hash=content_hash)
        created = await self._history.create(wanted)
        if created is None:
            await self._count_collision(daemon_set, collisions)
            raise Conflict(f"revision {wanted['metadata']['name']} stands for another template")
        return created

    async def _count_collision(self, daemon_set: Object, collisions: int | None) -> None:
        fresh = await self._client.get(DAEMON_SETS, key_of(daemon_set))
        status = fresh.get("status") or {}
        if status.get("collisionCount") != collisions:
            return  # counted already, which the cache does not show yet
        counted = status | {"collisionCount": (collisions or 0) + 1}
        await self._client.update_status(DAEMON_SETS, fresh | {"status": counted})


def plan_clean_up(daemon_set: Object, old: Sequence[Object], pods: Iterable[Object]) -> list[Object]:
    """The oldest revisions that no pod was made of, so many that no more than the limit are left if possible."""
    alive = {(pod["metadata"].get("labels") or {}).get(HASH) for pod in pods}
    limit = daemon_set["spec"].get("revisionHistoryLimit", 10)
    unused = [revision for revision in in_order(old) if hash_of(revision) not in alive]
    return unused[: max(0, len(old) - limit)]


def hash_of(revision: Object) -> str:
    """Empty if it has none."""
    content_hash: str = (revision["metadata"].get("labels") or {}).get(HASH, "")
    return content_hash
