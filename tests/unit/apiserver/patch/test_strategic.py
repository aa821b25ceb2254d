"""Strategic merge patch: directives, order, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.api.schema.builtin import type_of
from steersman.apiserver.patch.errors import FailedPatch
from steersman.apiserver.patch.strategic import apply_strategic_patch

DEPLOYMENT = type_of("io.k8s.api.apps.v1.Deployment")
POD_SPEC = type_of("io.k8s.api.core.v1.PodSpec")
META = type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")


def spec(live, patch):
    return apply_strategic_patch(live, patch, POD_SPEC)


def names(result):
    return [container["name"] for container in result["containers"]]


LIVE = {
    "containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}],
    "tolerations": [{"key": "k"}],
    "volumes": [{"name": "v", "emptyDir": {}}],
}


def test_a_list_with_a_merge_key_is_merged_item_by_item():
    result = spec(LIVE, {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}]})
    env = [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]
    assert result["containers"][0] == {"name": "a", "image": "a:1", "env": env}
    assert result["containers"][1] is LIVE["containers"][1]


def test_new_items_come_before_those_that_the_patch_does_not_name():
    assert names(spec(LIVE, {"containers": [{"name": "c"}]})) == ["c", "a", "b"]


def test_a_list_without_strategy_is_replaced():
    assert spec(LIVE, {"tolerations": [{"key": "z"}]})["tolerations"] == [{"key": "z"}]


def test_items_can_be_deleted_and_lists_replaced():
    assert names(spec(LIVE, {"containers": [{"name": "b", "$patch": "delete"}]})) == ["a"]
    assert names(spec(LIVE, {"containers": [{"name": "zz", "$patch": "delete"}]})) == ["a", "b"]
    assert names(spec(LIVE, {"containers": [{"$patch": "replace"}, {"name": "n"}]})) == ["n"]


def test_maps_can_be_replaced_and_emptied():
    live = {"labels": {"a": "1"}}
    assert apply_strategic_patch(live, {"labels": {"$patch": "replace", "b": "2"}}, META) == {"labels": {"b": "2"}}
    assert apply_strategic_patch(live, {"labels": {"$patch": "delete"}}, META) == {"labels": {}}
    assert apply_strategic_patch({}, {"labels": {"$patch": "delete"}}, META) == {}


def test_retain_keys_drops_the_other_members():
    patch = {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "cm"}}]}
    assert spec(LIVE, patch)["volumes"] == [{"name": "v", "configMap": {"name": "cm"}}]
    with pytest.raises(FailedPatch, match="retainKeys"):
        spec(LIVE, {"volumes": [{"name": "v", "$retainKeys": ["name"], "configMap": {}}]})


def test_set_element_order_orders_the_merged_list():
    patch = {
        "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
        "containers": [{"name": "b", "image": "b:2"}, {"name": "a", "image": "a:2"}],
    }
    result = spec(LIVE, patch)
    assert names(result) == ["b", "a"]
    assert [one["image"] for one in result["containers"]] == ["b:2", "a:2"]
    assert names(spec(LIVE, {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]})) == ["b", "a"]


def test_an_item_missing_from_the_element_order_is_refused():
    with pytest.raises(FailedPatch, match="doesn't match"):
        spec(LIVE, {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]})


def test_lists_of_primitives_are_united_and_items_deleted_by_directive():
    live = {"finalizers": ["a", "b"]}
    assert apply_strategic_patch(live, {"finalizers": ["b", "c"]}, META)["finalizers"] == ["a", "b", "c"]
    patch = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert apply_strategic_patch(live, patch, META)["finalizers"] == ["b"]
    assert apply_strategic_patch({}, patch, META) == {}


def test_null_removes_and_is_dropped_from_new_values():
    assert apply_strategic_patch({"labels": {"a": "1"}}, {"labels": None}, META) == {}
    assert apply_strategic_patch({}, {"labels": {"a": None, "b": "1"}}, META) == {"labels": {"b": "1"}}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"containers": [{"image": "x"}]}, "map: map[image:x] does not contain declared merge key: name"),
        (
            {"containers": [{"name": "a", "$patch": "bogus"}]},
            "unknown patch type: bogus in map: map[$patch:bogus name:a]",
        ),
        ({"containers": [{"name": "a", "$patch": "merge"}]}, "merging lists cannot yet be specified in the patch"),
        ({"$patch": "merge"}, "unknown patch type: merge in map: map[$patch:merge]"),
        ({"containers": [1]}, "list element types are not identical"),
        ({"$deleteFromPrimitiveListx": []}, "invalid patch format of primitive list"),
    ],
)
def test_directives_and_items_without_meaning_are_refused(patch, message):
    with pytest.raises(FailedPatch) as caught:
        spec(LIVE, patch)
    assert message in str(caught.value)


def test_empty_patch_lists_and_maps_change_nothing():
    assert spec(LIVE, {"containers": [], "securityContext": {}}) == {**LIVE, "securityContext": {}}


def test_maps_of_objects_cannot_be_merged():
    slice_type = type_of("io.k8s.api.resource.v1.Device")
    live = {"attributes": {"x": {"string": "a"}}}
    with pytest.raises(FailedPatch, match="data type is not struct, instead is: map"):
        apply_strategic_patch(live, {"attributes": {"x": {"string": "b"}}}, slice_type)


def test_unknown_fields_that_hold_objects_on_both_sides_are_refused():
    with pytest.raises(FailedPatch, match='unable to find api field in struct PodSpec for the json field "bogus"'):
        spec({"bogus": {"a": 1}}, {"bogus": {"b": 1}})


ITEMS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcd"), "image": st.sampled_from(["1", "2"])}),
    max_size=4,
    unique_by=lambda item: item["name"],
)


@given(ITEMS, ITEMS)
def test_applying_a_patch_twice_is_applying_it_once(live, patch):
    once = spec({"containers": live}, {"containers": patch})
    assert spec(once, {"containers": patch}) == once


@given(ITEMS, ITEMS)
def test_merged_lists_hold_every_item_once_and_keep_the_patch_order(live, patch):
    merged = spec({"containers": live}, {"containers": patch})["containers"]
    wanted = {item["name"] for item in live} | {item["name"] for item in patch}
    found = [item["name"] for item in merged]
    assert sorted(found) == sorted(wanted)
    mine = [item["name"] for item in patch]
    assert [name for name in found if name in mine] == mine


@given(ITEMS, ITEMS)
def test_inputs_are_never_changed(live, patch):
    before = repr((live, patch))
    spec({"containers": live}, {"containers": patch})
    assert repr((live, patch)) == before


def test_a_new_item_takes_the_place_of_a_deleted_one():
    live = {"containers": [{"name": "d"}, {"name": "c"}]}
    patch = {
        "$setElementOrder/containers": [{"name": "a"}, {"name": "b"}],
        "containers": [{"name": "c", "$patch": "delete"}, {"name": "b"}],
    }
    assert names(spec(live, patch)) == ["d", "b"]


def test_a_directive_behind_the_last_item_of_the_element_order_is_refused():
    patch = {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "a"}, {"$patch": "replace"}]}
    with pytest.raises(FailedPatch, match="doesn't match"):
        spec(LIVE, patch)
