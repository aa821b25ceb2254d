"""monitors: everything that is served and can be deleted, followed into the graph.

A resource that comes is followed, one that goes is not any longer; one that the server cannot ask about just now is
neither. Objects are followed by their metadata, where nobody in the process reads the whole ones anyway.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.controllers.garbage_collector.graph import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.client.discovery import Served, Surface
    from steersman.client.informer import Informer, Informers
    from steersman.controllers.garbage_collector.graph import Effects, Graph

VERBS = ("delete", "list", "watch")
IGNORED = frozenset({("", "events"), ("events.k8s.io", "events")})
"""They come and go too fast, and own nothing."""
_RELEVANT = ("ownerReferences", "finalizers", "deletionTimestamp", "uid")


@dataclass(slots=True)
class _Monitor:
    informer: Informer
    followed: bool = True
    """False: what the informer still tells is not taken any more."""


class Monitors:
    """Feeds a graph. `then` is given what follows from each change."""

    def __init__(self, *, informers: Informers, graph: Graph, then: Callable[[Effects], None]) -> None:
        self._informers = informers
        self._graph = graph
        self._then = then
        self._monitors: dict[Served, _Monitor] = {}
        self._begun = asyncio.Event()

    def follow(self, surface: Surface) -> None:
        """What is served now."""
        wanted = {each: None for each in surface.preferred(*VERBS) if (each.group, each.plural) not in IGNORED}
        for resource in [each for each in self._monitors if each not in wanted]:
            if resource.api_version not in surface.failures:
                self._drop(resource, still={(each.group, each.plural) for each in wanted})
        for resource in wanted:
            if resource not in self._monitors:
                self._monitors[resource] = monitor = _Monitor(self._informers.of_metadata(resource))
                monitor.informer.add_handler(self._handler(resource, monitor))
        self._begun.set()

    async def synced(self) -> None:
        """Waits until it is known what is served, and all of that has its first content."""
        await self._begun.wait()
        for monitor in tuple(self._monitors.values()):
            await monitor.informer.synced.wait()

    def _drop(self, resource: Served, *, still: set[tuple[str, str]]) -> None:
        """`still`: what is followed on, perhaps in another version."""
        monitor = self._monitors.pop(resource)
        monitor.followed = False
        self._informers.drop_metadata(resource)
        if (resource.group, resource.plural) in still:
            return
        for obj in monitor.informer.list():
            self._then(self._graph.forget(obj["metadata"]["uid"]))

    def _handler(self, resource: Served, monitor: _Monitor) -> Callable[[Object | None, Object | None], None]:
        api_version, kind, graph = resource.api_version, resource.kind, self._graph

        def handle(old: Object | None, new: Object | None) -> None:
            if not monitor.followed:
                return
            if old is not None and (new is None or old["metadata"]["uid"] != new["metadata"]["uid"]):
                self._then(graph.remove(identity_of(api_version, kind, old)))
                old = None
            if new is None or (old is not None and _is_same(old, new) and new["metadata"]["uid"] in graph):
                return
            self._then(graph.observe(identity_of(api_version, kind, new), old, new))

        return handle


def _is_same(old: Object, new: Object) -> bool:
    """Nothing that matters here has changed."""
    before, after = old["metadata"], new["metadata"]
    return all(before.get(name) == after.get(name) for name in _RELEVANT)
