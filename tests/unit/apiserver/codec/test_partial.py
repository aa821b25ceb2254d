"""PartialObjectMetadata and its list."""

from __future__ import annotations

from steersman.apiserver.codec.partial import partial_list_of, partial_of, refuse_form


def test_only_metadata_is_left_of_an_object() -> None:
    obj = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {}}
    assert partial_of(obj) == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "a", "labels": {"x": "y"}},
    }
    assert partial_of({"kind": "Pod"})["metadata"] == {}


def test_each_item_of_a_list_says_its_kind() -> None:
    listed = partial_list_of([{"metadata": {"name": "a"}}], {"resourceVersion": "7", "continue": ""}, version="v1beta1")
    assert listed["metadata"] == {"resourceVersion": "7"}
    assert listed["items"][0]["apiVersion"] == listed["apiVersion"] == "meta.k8s.io/v1beta1"


def test_lists_and_objects_do_not_take_each_other_s_form() -> None:
    refusal = refuse_form("partial-list", is_list=False, go_type="*core.ConfigMap")
    assert refusal is not None
    assert refusal.message == (
        "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)"
    )
    refusal = refuse_form("partial", is_list=True, go_type="*core.ConfigMapList")
    assert refusal is not None
    assert "the requested object is a list (*core.ConfigMapList)" in refusal.message
    assert refuse_form("partial", is_list=False, go_type="") is None
    assert refuse_form("table", is_list=True, go_type="") is None
