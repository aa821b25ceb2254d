from __future__ import annotations

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.resource_quota import RESOURCE_QUOTAS
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.resource_quota.ledger import Ledger
from steersman.apiserver.admission.resource_quota.plugin import ResourceQuota

from .shelf import core


async def _quota(world, hard, used=None, **spec):
    await world.create(world.unreviewed, RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}})
    used = dict.fromkeys(hard, "0") if used is None else used
    await world.set_status(RESOURCE_QUOTAS, "q", {"hard": hard, "used": used})
    ledger = Ledger(pipeline=world.unreviewed, resources=world.table, clock=world.clock)
    return world.pipeline(ResourceQuota(reader=world.reader, ledger=ledger))


def _used(world):
    return world.reader.get(RESOURCE_QUOTAS, "ns", "q")["status"]["used"]


def _config_map(name):
    return {"metadata": {"name": name}}


async def test_what_is_created_is_charged_before_the_answer():
    async with core() as world:
        pipeline = await _quota(world, {"count/configmaps": "2"})
        await world.create(pipeline, CONFIG_MAPS, _config_map("a"))
        assert _used(world) == {"count/configmaps": "1"}
        await world.create(pipeline, CONFIG_MAPS, _config_map("b"))
        with pytest.raises(Forbidden) as refused:
            await world.create(pipeline, CONFIG_MAPS, _config_map("c"))
        assert refused.value.message == (
            'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, '
            "used: count/configmaps=2, limited: count/configmaps=2"
        )
