"""The chain: every plugin in the catalog's order, first all that change, later all that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Plugin, Review


class _Pass:
    """Plugins in order, sorted out once by the resources that they are for."""

    def __init__(self, plugins: tuple[Plugin, ...]) -> None:
        self.every = plugins
        named = {resource for plugin in plugins for resource in plugin.resources or ()}
        self._named = {resource: _for(resource, plugins) for resource in named}
        self._general = _for(None, plugins)

    def plugins(self, resource: Resource) -> tuple[Plugin, ...]:
        return self._named.get(resource, self._general)


def _for(resource: Resource | None, plugins: tuple[Plugin, ...]) -> tuple[Plugin, ...]:
    return tuple(plugin for plugin in plugins if plugin.resources is None or resource in plugin.resources)


class Chain:
    """Two ordered passes, as upstream's: some plugins stand at different places in the two."""

    def __init__(self, *, mutating: tuple[Plugin, ...], validating: tuple[Plugin, ...]) -> None:
        self._mutating = _Pass(mutating)
        self._validating = _Pass(validating)

    async def admit(self, review: Review) -> None:
        await self._admit(review)
        if review.ask_again:
            review.again = True
            await self._admit(review)

    async def _admit(self, review: Review) -> None:
        for plugin in self._mutating.plugins(review.resource):
            pending = plugin.admit(review)
            if pending is not None:
                await pending

    async def validate(self, review: Review) -> None:
        for plugin in self._validating.plugins(review.resource):
            pending = plugin.validate(review)
            if pending is not None:
                await pending

    @staticmethod
    async def undo(review: Review) -> None:
        """The write failed: give back what plugins charged, last first."""
        while review.undo:
            await review.undo.pop()()
