"""binding: from the decision to the node, by the plugins that have something to do on the way.

    reserve > permit | permission > pre_bind > bind > post_bind
      at once        |           in a task of the pod's own
            any failure: unreserve, in reverse order

Writes: pods/status (nominatedNodeName, where a pod will not be bound at once), events, and what plugins write.
Invariants: what was reserved is bound or unreserved, once.
Upstream: pkg/scheduler/schedule_one.go (assumeAndReserve, bindingCycle), framework/runtime/framework.go.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby
from typing import TYPE_CHECKING

from steersman.api.errors import ApiError
from steersman.client.errors import TransportError
from steersman.scheduler.framework import SKIP, Wait, implements
from steersman.scheduler.underway import CalledOff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steersman.scheduler.cycle import Profile
    from steersman.scheduler.framework import Cycle, Plugin
    from steersman.scheduler.outcomes import Outcomes
    from steersman.scheduler.underway import Underway


NOMINATIONS_MAX = 50
"""Pods that are told at a time where they are going."""


class NotBound(Exception):
    """A pod does not get the node that was decided on.

    `refused`: the node cannot take it, else something went wrong. `by`: the plugin that must change its mind before it
    is tried again; nobody: it is tried again by itself.
    """

    def __init__(self, message: str, *, refused: bool = False, by: str = "") -> None:
        super().__init__(message)
        self.refused = refused
        self.by = by


class Binder:
    """For the pods of one profile."""

    def __init__(self, *, profile: Profile, outcomes: Outcomes, underway: Underway) -> None:
        self._outcomes = outcomes
        self._underway = underway
        self._nominating = asyncio.Semaphore(NOMINATIONS_MAX)
        self._logger = logging.getLogger(__name__)
        self._reserving = _taking_part(profile, "reserve")
        self._unreserving = tuple(
            plugin for plugin in reversed(profile.at("reserve")) if implements(plugin, "unreserve")
        )
        self._permitting = _taking_part(profile, "permit")
        self._preparing = _taking_part(profile, "pre_bind")
        self._binding = _taking_part(profile, "bind")
        self._told = _taking_part(profile, "post_bind")

    # -- at once

    def reserve(self, cycle: Cycle, node: str) -> None:
        """Also asks for permission. Raises NotBound; `unreserve` is left to the caller."""
        for plugin in self._reserving:
            try:
                refusal = plugin.reserve(cycle, node)
            except Exception as error:
                raise NotBound(f'running Reserve plugin "{plugin.name}": {error}') from error
            if refusal:
                raise NotBound(_no_fit(refusal), refused=True, by=plugin.name)
        waits_s: dict[str, float] = {}
        for plugin in self._permitting:
            try:
                said = plugin.permit(cycle, node)
            except Exception as error:
                raise NotBound(f'running Permit plugin "{plugin.name}": {error}') from error
            if isinstance(said, Wait):
                waits_s[plugin.name] = said.timeout_s
            elif said:
                raise NotBound(_no_fit(said), refused=True, by=plugin.name)
        if waits_s:
            self._underway.hold(cycle.pod, waits_s)

    def unreserve(self, cycle: Cycle, node: str) -> None:
        """Undo what `reserve` did; harmless where it did nothing."""
        if self._permitting:
            self._underway.release(cycle.pod)
        for plugin in self._unreserving:
            plugin.unreserve(cycle, node)

    def prepares(self, cycle: Cycle, node: str) -> tuple[Plugin, ...]:
        """The plugins that have something to do before the pod is bound. Raises NotBound."""
        found = []
        for plugin in self._preparing:
            try:
                if plugin.pre_bind_pre_flight(cycle, node) is not SKIP:
                    found.append(plugin)
            except Exception as error:
                raise NotBound(f'running PreBindPreFlight "{plugin.name}": {error}') from error
        return tuple(found)

    def waits(self, cycle: Cycle) -> bool:
        """Whether somebody has to permit the pod yet."""
        return bool(self._permitting) and self._underway.holds(cycle.pod)

    # -- in a task of its own

    async def prepare(self, cycle: Cycle, node: str, plugins: Sequence[Plugin]) -> None:
        """Wait for permission, then for `plugins`. Raises NotBound."""
        await self._nominate(cycle, node)
        withheld = await self._underway.permitted(cycle.pod)
        if withheld is not None and withheld.error:
            raise NotBound(f"waiting on permit for pod: {withheld.message}")
        if withheld is not None:
            raise NotBound(_no_fit(withheld.message), refused=True, by=withheld.plugin)
        if not plugins:
            return
        try:
            async with self._underway.preparing(cycle.pod):
                for parallel, group in groupby(plugins, lambda plugin: plugin.pre_binds_in_parallel):
                    await (_together if parallel else _in_turn)(tuple(group), cycle, node)
        except CalledOff as error:
            raise NotBound(f'running PreBind plugin "{plugins[0].name}": {error}') from error

    async def bind(self, cycle: Cycle, node: str) -> None:
        """Raises NotBound, whose cause says more."""
        for plugin in self._binding:
            try:
                if await plugin.bind(cycle, node) is SKIP:
                    continue
            except Exception as error:
                raise NotBound(f'running Bind plugin "{plugin.name}": {error}') from error
            self._outcomes.bound(cycle.pod, node)
            return
        raise NotBound("no plugin binds the pod")

    def bound(self, cycle: Cycle, node: str) -> None:
        """Tell the plugins."""
        for plugin in self._told:
            plugin.post_bind(cycle, node)

    async def _nominate(self, cycle: Cycle, node: str) -> None:
        try:
            async with self._nominating:
                await self._outcomes.nominate(cycle.pod, node)
        except (ApiError, TransportError) as error:
            # It is for others to know; the pod can be bound without.
            self._logger.info("%s/%s: cannot be told where it is going: %s", *cycle.pod.key, error)


async def _in_turn(plugins: Iterable[Plugin], cycle: Cycle, node: str) -> None:
    for plugin in plugins:
        await _pre_bind(plugin, cycle, node)


async def _together(plugins: Sequence[Plugin], cycle: Cycle, node: str) -> None:
    if len(plugins) == 1:
        await _pre_bind(plugins[0], cycle, node)
        return
    first: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:  # which ends the others when one fails
            for plugin in plugins:
                group.create_task(_pre_bind(plugin, cycle, node))
    except* NotBound as errors:
        first = errors.exceptions[0]
    if first is not None:
        raise first


async def _pre_bind(plugin: Plugin, cycle: Cycle, node: str) -> None:
    try:
        refusal = await plugin.pre_bind(cycle, node)
    except Exception as error:
        raise NotBound(f'running PreBind plugin "{plugin.name}": {error}') from error
    if refusal:
        raise NotBound(refusal, refused=True)


def _taking_part(profile: Profile, point: str) -> tuple[Plugin, ...]:
    return tuple(plugin for plugin in profile.at(point) if implements(plugin, point))


def _no_fit(reason: str) -> str:
    return f"0/1 nodes are available: 1 {reason}."
