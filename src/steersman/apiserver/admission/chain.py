"""The chain: every plugin in the catalog's order, first all that change, later all that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.apiserver.admission.interface import Plugin, Review


class Chain:
    """Two ordered passes, as upstream's: some plugins stand at different places in the two."""

    def __init__(self, *, mutating: tuple[Plugin, ...], validating: tuple[Plugin, ...]) -> None:
        self._mutating = mutating
        self._validating = validating

    async def admit(self, review: Review) -> None:
        for plugin in self._mutating:
            pending = plugin.admit(review)
            if pending is not None:
                await pending

    async def validate(self, review: Review) -> None:
        for plugin in self._validating:
            pending = plugin.validate(review)
            if pending is not None:
                await pending

    @staticmethod
    async def undo(review: Review) -> None:
        """The write failed: give back what plugins charged, last first."""
        while review.undo:
            await review.undo.pop()()
