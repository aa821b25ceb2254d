"""The write path: its order, its retries, and that a refused write leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import Forbidden
from steersman.apiserver.hooks import Hook

pytestmark = pytest.mark.virtual_time
MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = {"content-type": "application/merge-patch+json"}


class Recording(Hook):
    """Writes down what it is asked; gives back what it took."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.taken = 0

    async def begin_create(self, write: Any, obj: Any) -> None:
        self.calls.append(f"begin {obj['metadata']['name']}")
        self.taken += 1

        async def give_back() -> None:
            self.taken -= 1

        write.undo.append(give_back)

    async def begin_update(self, write: Any, new: Any, old: Any) -> None:
        del write, old
        self.calls.append(f"update {new['metadata']['name']}")

    async def committed(self, write: Any, new: Any, old: Any) -> None:
        del write
        self.calls.append(f"{'removed' if new is None else 'created' if old is None else 'changed'}")


@pytest.fixture
def hook(api: Any) -> Recording:
    recording = Recording()
    api.parts.service.pipeline._hooks = {**api.parts.service.pipeline._hooks, CONFIG_MAPS: recording}
    return recording


async def test_hooks_see_a_write_begin_and_become_durable(api: Any, hook: Recording) -> None:
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    await api.ask("PATCH", f"{MAPS}/a", {"data": {"k": "v"}}, headers=MERGE)
    await api.ask("PATCH", f"{MAPS}/a", {"data": {"k": "v"}}, headers=MERGE)
    await api.ask("DELETE", f"{MAPS}/a")
    assert hook.calls == ["begin a", "created", "update a", "changed", "update a", "removed"]


@pytest.mark.parametrize(
    "body", [{"metadata": {"name": "taken"}}, {"metadata": {"name": "a"}, "data": {"not valid": "x"}}]
)
async def test_what_a_write_took_is_given_back_when_it_is_not_written(api: Any, hook: Recording, body: Any) -> None:
    await api.ask("POST", MAPS, {"metadata": {"name": "taken"}})
    before = hook.taken
    await api.ask("POST", MAPS, body)
    assert hook.taken == before


async def test_a_dry_run_becomes_nothing(api: Any, hook: Recording) -> None:
    """Hooks see it begin, and that it is one; they have to take nothing then."""
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}}, dryRun="All")
    assert hook.calls == ["begin a"]


async def test_a_refusal_by_a_hook_is_the_answer(api: Any, hook: Recording) -> None:
    async def refuse(write: Any, obj: Any) -> None:
        raise Forbidden("not today")

    hook.begin_create = refuse  # type: ignore[method-assign]
    reply = await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    assert (reply.status, reply.json()["message"]) == (403, "not today")
    assert (await api.ask("GET", f"{MAPS}/a")).status == 404


async def test_one_of_many_creations_of_a_name_wins(api: Any) -> None:
    replies = await asyncio.gather(
        *(api.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"n": str(n)}}) for n in range(10))
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 9
    winner = next(reply.json() for reply in replies if reply.status == 201)
    assert (await api.ask("GET", f"{MAPS}/a")).json() == winner


async def test_one_of_many_updates_from_one_state_wins(api: Any) -> None:
    made = (await api.ask("POST", MAPS, {"metadata": {"name": "a"}})).json()
    replies = await asyncio.gather(*(api.ask("PUT", f"{MAPS}/a", {**made, "data": {"n": str(n)}}) for n in range(10)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 9


async def test_updates_without_a_version_all_hold(api: Any) -> None:
    await api.ask("POST", MAPS, {"metadata": {"name": "a"}})
    body = {"metadata": {"name": "a"}}
    replies = await asyncio.gather(*(api.ask("PUT", f"{MAPS}/a", {**body, "data": {"n": str(n)}}) for n in range(10)))
    assert [reply.status for reply in replies] == [200] * 10


async def test_deletion_and_creation_race_to_one_outcome(api: Any) -> None:
    for round_ in range(20):
        await asyncio.gather(
            api.ask("POST", MAPS, {"metadata": {"name": "a"}, "data": {"n": str(round_)}}),
            api.ask("DELETE", f"{MAPS}/a"),
            api.ask("PATCH", f"{MAPS}/a", {"data": {"p": "x"}}, headers=MERGE),
        )
        there = await api.ask("GET", f"{MAPS}/a")
        listed = (await api.ask("GET", MAPS)).json()["items"]
        assert bool(listed) == (there.status == 200)
        await api.ask("DELETE", f"{MAPS}/a")


async def test_equal_owners_count_once(api: Any) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"}
    reply = await api.ask("POST", MAPS, {"metadata": {"name": "a", "ownerReferences": [owner, owner]}})
    assert reply.json()["metadata"]["ownerReferences"] == [owner]
    assert "duplicate" in reply.header("Warning")[0]
