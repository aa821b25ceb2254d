"""The table of what is served: one collection per stored resource, however many views it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.event import EVENTS
from steersman.api.core.pod import PODS
from steersman.apiserver.resources import storage_prefix

pytestmark = pytest.mark.virtual_time


def test_keys_lie_where_upstream_puts_them() -> None:
    assert storage_prefix(PODS) == "/registry/pods/"
    custom = replace(CONFIG_MAPS, group="example.org", plural="boats", custom=True, storage_prefix="")
    assert storage_prefix(custom) == "/registry/example.org/boats/"


async def test_two_views_share_one_collection(api: Any) -> None:
    table = api.parts.service.resources
    core, grouped = table.find("", "v1", "events"), table.find("events.k8s.io", "v1", "events")
    assert core.collection is grouped.collection
    assert grouped.resource.stored is EVENTS


async def test_keys_of_objects_and_ranges(api: Any) -> None:
    table = api.parts.service.resources
    pods, nodes = table.find("", "v1", "pods"), table.find("", "v1", "nodes")
    assert pods.key("n", "p") == "/registry/pods/n/p"
    assert (pods.range_prefix("n"), pods.range_prefix("")) == ("/registry/pods/n/", "/registry/pods/")
    assert nodes.key("ignored", "x") == "/registry/minions/x"


async def test_the_version_rises_with_every_change_of_the_table(api: Any) -> None:
    table = api.parts.service.resources
    custom = replace(CONFIG_MAPS, group="example.org", version="v1", plural="boats", kind="Boat", custom=True)
    before = table.version
    table.add([custom])
    assert table.version > before
    assert table.find("example.org", "v1", "boats") is not None
    assert table.has_group("example.org")
    table.remove([custom])
    assert table.find("example.org", "v1", "boats") is None
    assert not table.has_group("example.org")
