from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steersman.apiserver.measured_store import MeasuredStore
from steersman.lib.clock import ManualClock
from steersman.lib.metrics import Registry
from steersman.store.drivers.memory import MemoryStore
from steersman.store.interface import Compare, Conflict, Delete, Put

if TYPE_CHECKING:
    from tests.conftest import Api


async def test_operations_are_counted_by_what_they_are_about(api: Api) -> None:
    path = "/api/v1/namespaces/default/secrets"
    await api.ask("POST", path, {"metadata": {"name": "c"}})
    await api.ask("PUT", f"{path}/c", {"metadata": {"name": "c"}, "data": {"a": "Yg=="}})
    await api.ask("DELETE", f"{path}/c")
    text = (await api.ask("GET", "/metrics")).body.decode()
    for operation in ("create", "update", "delete"):
        labels = f'operation="{operation}",group="",resource="secrets"'
        assert f"etcd_requests_total{{{labels}}} 1\n" in text
        assert f"etcd_request_duration_seconds_count{{{labels}}} 1\n" in text


async def test_it_answers_and_fails_as_the_store_does() -> None:
    inner = MemoryStore(clock=ManualClock())
    await inner.start()
    store = MeasuredStore(store=inner, registry=Registry())
    revision = await store.commit((Compare("/a", 0),), (Put("/a", b"1"),))
    with pytest.raises(Conflict):
        await store.commit((Compare("/a", 0),), (Put("/a", b"2"),))
    record = await store.get("/a")
    assert record is not None
    assert (record.value, record.mod_revision) == (b"1", revision)
    assert [found.key for found in (await store.list("/")).records] == ["/a"]
    await store.commit((Compare("/a", revision),), (Delete("/a"),))
    assert await store.revision() == revision + 1
    assert store.embedded is inner.embedded
    await store.stop()
