from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.pod import PODS
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.interface import Plain

from .shelf import review

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Review


class Noting(Plain):
    """Writes down when it is asked."""

    def __init__(self, name: str, log: list[str], resources: tuple[Resource, ...] | None = None) -> None:
        self.name = name
        self.resources = resources
        self._log = log

    def admit(self, review: Review) -> None:
        self._log.append(f"{self.name} admits {review.resource.plural}")

    def validate(self, review: Review) -> Awaitable[None]:
        async def later() -> None:
            self._log.append(f"{self.name} judges {review.resource.plural}")

        return later()


async def test_plugins_are_asked_in_order_and_only_about_their_resources() -> None:
    log: list[str] = []
    general, pods = Noting("general", log), Noting("pods", log, (PODS,))
    chain = Chain(mutating=(pods, general), validating=(general, pods))
    for resource in (PODS, CONFIG_MAPS):
        asked: Any = review(resource, {})
        await chain.admit(asked)
        await chain.validate(asked)
    assert log == [
        "pods admits pods",
        "general admits pods",
        "general judges pods",
        "pods judges pods",
        "general admits configmaps",
        "general judges configmaps",
    ]


async def test_who_asks_for_it_gets_one_further_round_and_no_more() -> None:
    class Asking(Plain):
        def __init__(self) -> None:
            self.rounds: list[bool] = []

        def admit(self, review: Review) -> None:
            self.rounds.append(review.again)
            review.ask_again = True

    log: list[str] = []
    first, asking = Noting("first", log), Asking()
    await Chain(mutating=(first, asking), validating=()).admit(review(PODS, {}))
    assert asking.rounds == [False, True]
    assert log == ["first admits pods"] * 2


async def test_what_was_charged_is_given_back_last_first() -> None:
    log: list[int] = []
    asked: Any = review(PODS, {})
    for index in range(3):

        async def give_back(index: int = index) -> None:
            log.append(index)

        asked.undo.append(give_back)
    await Chain.undo(asked)
    assert log == [2, 1, 0]
    assert not asked.undo
