"""How a refused patch's result is shown."""

from __future__ import annotations

from typing import Any

from steersman.api.schema.builtin import schema
from steersman.apiserver.codec.protobuf import Protobuf
from steersman.apiserver.patch.echo import patched_text
from steersman.apiserver.patch.json_patch import apply_json_patch
from steersman.apiserver.patch.merge_patch import apply_merge_patch

CONFIG_MAP = schema("io.k8s.api.core.v1.ConfigMap")
OLD: dict[str, Any] = {
    "apiVersion": "v1",
    "data": {"b": "2", "a": "1"},
    "kind": "ConfigMap",
    "metadata": {
        "labels": {"z": "1", "a": "2"},
        "managedFields": [{"apiVersion": "v1", "manager": "m", "operation": "Update"}],
        "name": "x",
        "uid": "u",
    },
}


def shown(patched: Any) -> str:
    return patched_text(patched, OLD, CONFIG_MAP(), Protobuf().declared_order.members)


def test_what_is_untouched_keeps_gos_order_and_the_rest_is_sorted() -> None:
    patched = apply_json_patch(OLD, [{"op": "replace", "path": "/data/a", "value": 7}])
    assert shown(patched) == (
        '{"apiVersion":"v1","data":{"a":7,"b":"2"},"kind":"ConfigMap","metadata":{"name":"x","uid":"u",'
        '"labels":{"a":"2","z":"1"},"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1"}]}}'
    )


def test_an_object_on_the_way_to_a_change_is_sorted() -> None:
    patched = apply_merge_patch(OLD, {"metadata": {"nosuch": "x"}})
    assert '"metadata":{"labels":{"a":"2","z":"1"},"managedFields":[{"manager":' in shown(patched)
    assert shown(patched).endswith('"name":"x","nosuch":"x","uid":"u"}}')


def test_items_keep_their_order_when_one_goes() -> None:
    old = {"metadata": {"ownerReferences": [{"uid": "1", "kind": "A"}, {"uid": "2", "kind": "B"}]}}
    patched = apply_json_patch(old, [{"op": "remove", "path": "/metadata/ownerReferences/0"}])
    text = patched_text(patched, old, CONFIG_MAP(), Protobuf().declared_order.members)
    assert text == '{"metadata":{"ownerReferences":[{"kind":"B","uid":"2"}]}}'
