"""revisions: the history of a StatefulSet's template: the one that pods are of, and the one that they should be of.

Invariants: a template that was there before gets its old revision back, with a new number; a revision that a pod is of,
and the two of the status, are kept; beyond those, as many old ones as spec.revisionHistoryLimit says.
Upstream: getStatefulSetRevisions, truncateHistory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from steersman.api.apps.stateful_set import STATEFUL_SETS
from steersman.api.core.podspec.defaults import default_template
from steersman.controllers.history import (
    History,
    data_hash,
    equal_to,
    new_revision,
    next_number,
    revision_name,
    superfluous,
    template_in,
    template_patch,
)
from steersman.controllers.statefulset.identity import revision_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.api.meta.types import Object
    from steersman.client.client import Client

HASH = "controller.kubernetes.io/hash"


class Revisions:
    """For the controller."""

    def __init__(self, *, client: Client) -> None:
        self._history = History(client=client)

    async def settle(self, stateful_set: Object, revisions: Sequence[Object]) -> tuple[Object, Object, int]:
        """The current revision, the one to update to, and the collisions of names so far. `revisions`: in order."""
        status = stateful_set.get("status") or {}
        collisions = status.get("collisionCount", 0)
        update, collisions = await self._update(stateful_set, revisions, collisions)
        named = status.get("currentRevision")
        current = next((each for each in revisions if each["metadata"]["name"] == named), update)
        return current, update, collisions

    async def clean_up(
        self, stateful_set: Object, revisions: Sequence[Object], used: Iterable[str], pods: Iterable[Object]
    ) -> None:
        """Delete what is beyond the limit. `used`: names that the status tells."""
        for revision in plan_clean_up(stateful_set, revisions, used, pods):
            await self._history.delete(revision)

    async def _update(self, stateful_set: Object, revisions: Sequence[Object], collisions: int) -> tuple[Object, int]:
        equal = equal_to(template_patch(stateful_set), revisions)
        if equal:
            last = equal[-1]
            if last is revisions[-1]:
                return last, collisions
            return await self._history.renumber(last, next_number(revisions)), collisions
        if revisions and is_same_when_defaulted(stateful_set, revisions[-1]):
            return revisions[-1], collisions
        return await self._create(stateful_set, next_number(revisions), collisions)

    async def _create(self, stateful_set: Object, number: int, collisions: int) -> tuple[Object, int]:
        data = template_patch(stateful_set)
        content_hash = data_hash(data, collisions)
        wanted = new_revision(stateful_set, STATEFUL_SETS, number=number, label=HASH, content_hash=content_hash)
        while (created := await self._history.create(wanted)) is None:
            collisions += 1
            name = revision_name(stateful_set["metadata"]["name"], data_hash(data, collisions))
            wanted = wanted | {"metadata": wanted["metadata"] | {"name": name}}
        return created, collisions


def is_same_when_defaulted(stateful_set: Object, revision: Object) -> bool:
    """An older version wrote the set's template with fewer defaults."""
    template = orjson.loads(orjson.dumps(template_in(revision)))
    default_template(template)
    return bool(template == stateful_set["spec"]["template"])


def plan_clean_up(
    stateful_set: Object, revisions: Iterable[Object], used: Iterable[str], pods: Iterable[Object]
) -> list[Object]:
    """`revisions`: in order."""
    alive = {*used, *map(revision_of, pods)}
    old = [revision for revision in revisions if revision["metadata"]["name"] not in alive]
    return superfluous(old, limit=stateful_set["spec"].get("revisionHistoryLimit", 10))
