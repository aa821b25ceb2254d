from __future__ import annotations

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.apiserver.admission.chain import Chain
from steersman.apiserver.admission.storage_object_in_use_protection import FINALIZERS, StorageObjectInUseProtection

from .shelf import review


@pytest.mark.parametrize(("resource", "finalizer"), FINALIZERS.items(), ids=lambda value: getattr(value, "kind", value))
def test_what_stores_is_protected_from_the_start(resource, finalizer):
    plugin = StorageObjectInUseProtection()
    obj = {"metadata": {"name": "x", "finalizers": ["a/b"]}}
    plugin.admit(review(resource, obj))
    plugin.admit(review(resource, obj))
    assert obj["metadata"]["finalizers"] == ["a/b", finalizer]
    updated = {"metadata": {"name": "x"}}
    plugin.admit(review(resource, updated, old=obj))
    assert "finalizers" not in updated["metadata"]


async def test_nothing_else_is():
    obj = {"metadata": {"name": "x"}}
    await Chain(mutating=(StorageObjectInUseProtection(),), validating=()).admit(review(CONFIG_MAPS, obj))
    assert obj == {"metadata": {"name": "x"}}
