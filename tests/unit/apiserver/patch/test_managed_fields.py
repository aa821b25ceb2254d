"""Ownership of updates, and server-side apply."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from steersman.api.schema.builtin import type_of
from steersman.api.schema.model import Field, Type
from steersman.apiserver.patch.errors import ApplyConflict, FailedPatch, MalformedPatch
from steersman.apiserver.patch.managed_fields import apply, default_manager, keep_timestamps, stamp_update

CONFIG_MAP = type_of("io.k8s.api.core.v1.ConfigMap")
DEPLOYMENT = type_of("io.k8s.api.apps.v1.Deployment")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
STAMP = "2026-01-02T03:04:05Z"


def config_map(data=None, **metadata):
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "u", **metadata}}
    return obj | {"data": data} if data is not None else obj


def stamped(new, old=None, manager="m", now=NOW, **more):
    stamp_update(old=old, new=new, type_=CONFIG_MAP, manager=manager, api_version="v1", now=now, **more)
    return new


def owners(obj):
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): entry["fieldsV1"]
        for entry in obj["metadata"].get("managedFields", ())
    }


def times(obj):
    return {entry["manager"]: entry.get("time") for entry in obj["metadata"].get("managedFields", ())}


def applied(patch, live=None, manager="m1", *, force=False, now=NOW, **more):
    options = {"type_": CONFIG_MAP, "kind": "ConfigMap", "api_version": "v1", **more}
    return apply(live=live, patch=patch, manager=manager, force=force, now=now, **options)


# Update


def test_a_create_owns_all_but_what_the_system_sets():
    new = stamped(config_map({"a": "1"}, labels={"x": "y"}, creationTimestamp="t", generation=1))
    assert new["metadata"]["managedFields"] == [
        {
            "manager": "m",
            "operation": "Update",
            "apiVersion": "v1",
            "time": STAMP,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}},
        }
    ]


def test_structs_that_go_always_writes_are_not_owned_themselves():
    new = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "resources": {}}]}},
        },
        "status": {},
    }
    stamp_update(
        old=None, new=new, type_=DEPLOYMENT, manager="m", api_version="apps/v1", now=NOW, reset_fields=(("status",),)
    )
    assert owners(new)["m", "Update", ""] == {
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}},
            "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
                "f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:name": {}, "f:resources": {}}}},
            },
        }
    }


def test_an_object_with_nothing_to_own_has_no_entries():
    assert "managedFields" not in stamped(config_map())["metadata"]


def test_an_update_takes_what_it_changes_and_leaves_the_rest():
    old = stamped(config_map({"a": "1", "b": "1"}))
    new = stamped(config_map({"a": "2", "b": "1"}), old, manager="n", now=LATER)
    assert owners(new) == {
        ("m", "Update", ""): {"f:data": {".": {}, "f:b": {}}},
        ("n", "Update", ""): {"f:data": {"f:a": {}}},
    }
    assert times(new) == {"m": STAMP, "n": "2026-01-02T03:04:06Z"}


def test_removed_fields_belong_to_nobody_and_empty_owners_go():
    old = stamped(config_map({"a": "1"}), manager="m")
    old = stamped(config_map({"a": "1", "b": "1"}), old, manager="n")
    new = stamped(config_map({"a": "1"}), old, manager="o")
    assert owners(new) == {("m", "Update", ""): {"f:data": {".": {}, "f:a": {}}}}


def test_a_write_that_changes_nothing_keeps_the_entries_as_they_are():
    old = stamped(config_map({"a": "1"}))
    new = stamped(config_map({"a": "1"}), old, manager="n", now=LATER)
    assert new["metadata"]["managedFields"] == old["metadata"]["managedFields"]


def test_subresources_have_entries_of_their_own():
    old = stamped(config_map({"a": "1"}))
    new = stamped(config_map({"a": "2"}), old, subresource="status")
    assert owners(new) == {
        ("m", "Update", ""): {"f:data": {}},
        ("m", "Update", "status"): {"f:data": {"f:a": {}}},
    }


@pytest.mark.parametrize("reset", [[], [{}]])
def test_tracking_ends_when_the_client_empties_the_entries(reset):
    old = stamped(config_map({"a": "1"}))
    new = stamped(config_map({"a": "2"}, managedFields=reset), old)
    assert "managedFields" not in new["metadata"]
    assert "managedFields" not in stamped(config_map({"a": "3"}), new)["metadata"]


def test_entries_of_the_client_are_honoured_and_nonsense_is_ignored():
    old = stamped(config_map({"a": "1"}))
    given = [{**old["metadata"]["managedFields"][0], "manager": "renamed"}]
    assert set(owners(stamped(config_map({"a": "1"}, managedFields=given), old))) == {("renamed", "Update", "")}
    nonsense = [{"manager": "x", "operation": "Bogus"}]
    assert set(owners(stamped(config_map({"a": "1"}, managedFields=nonsense), old))) == {("m", "Update", "")}
    kept = stamped(config_map({"a": "1"}, managedFields=given), old, subresource="status")
    assert set(owners(kept)) == {("m", "Update", "")}


def test_ownership_stays_when_it_cannot_be_told():
    meta = {"finalizers": [None]}
    old = stamped(config_map({"a": "1"}))
    new = stamped(config_map({"a": "2"}, **meta), old)
    assert new["metadata"]["managedFields"] == old["metadata"]["managedFields"]


def test_custom_resources_own_every_level():
    spec = Type("struct", fields={"size": Field(Type("int64"))}, preserve_unknown=True, custom=True)
    meta = Field(type_of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"))
    custom = Type("struct", fields={"metadata": meta, "spec": Field(spec)}, custom=True)
    new = {"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "x"}, "spec": {"size": 1, "more": {"a": [1]}}}
    stamp_update(old=None, new=new, type_=custom, manager="m", api_version="g/v1", now=NOW)
    assert owners(new)["m", "Update", ""] == {"f:spec": {".": {}, "f:more": {".": {}, "f:a": {}}, "f:size": {}}}


# Apply


def test_the_first_apply_creates_and_owns_what_it_says():
    result = applied(config_map({"a": "1"}, labels={"x": "y"}))
    assert owners(result) == {("m1", "Apply", ""): {"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:x": {}}}}}
    assert times(result) == {"m1": STAMP}
    assert result["data"] == {"a": "1"}


def test_the_same_apply_again_changes_nothing():
    live = applied(config_map({"a": "1"}))
    assert applied(config_map({"a": "1"}), live, now=LATER) == live


def test_another_value_is_a_conflict_unless_forced():
    live = applied(config_map({"a": "1", "b": "1"}))
    with pytest.raises(ApplyConflict) as caught:
        applied(config_map({"a": "2"}), live, "m2")
    assert str(caught.value) == 'Apply failed with 1 conflict: conflict with "m1": .data.a'
    assert caught.value.causes == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "m1"', "field": ".data.a"}
    ]
    forced = applied(config_map({"a": "2"}), live, "m2", force=True)
    assert forced["data"] == {"a": "2", "b": "1"}
    assert owners(forced) == {
        ("m1", "Apply", ""): {"f:data": {"f:b": {}}},
        ("m2", "Apply", ""): {"f:data": {"f:a": {}}},
    }


def test_several_conflicts_are_listed_by_manager():
    live = applied(config_map({"a": "1"}), manager="z")
    live = applied(config_map({"b": "1", "c": "1"}), live, manager="m1")
    with pytest.raises(ApplyConflict) as caught:
        applied(config_map({"a": "2", "b": "2", "c": "2"}), live, "m2")
    assert str(caught.value) == (
        'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.b\n- .data.c\nconflicts with "z":\n- .data.a'
    )


def test_equal_values_are_shared():
    live = applied(config_map({"a": "1"}))
    shared = applied(config_map({"a": "1"}), live, "m2", now=LATER)
    assert set(owners(shared)) == {("m1", "Apply", ""), ("m2", "Apply", "")}
    assert times(shared) == {"m1": STAMP, "m2": None}


def test_a_field_goes_when_its_last_applier_drops_it():
    live = applied(config_map({"a": "1", "b": "1"}))
    shared = applied(config_map({"a": "1"}), live, "m2")
    first = applied(config_map({"b": "1"}), shared)
    assert first["data"] == {"a": "1", "b": "1"}
    last = applied(config_map(), first, "m2")
    assert last["data"] == {"b": "1"}
    assert set(owners(last)) == {("m1", "Apply", "")}


def test_dropping_everything_leaves_no_empty_map_behind():
    assert "data" not in applied(config_map(), applied(config_map({"a": "1"})))


def test_items_of_others_stay_when_a_list_item_is_dropped():
    def with_finalizers(*names):
        return config_map(finalizers=list(names))

    live = applied(with_finalizers("x/a", "x/b"))
    live = stamped(
        with_finalizers("x/a", "x/b", "x/c") | {"metadata": {**live["metadata"], "finalizers": ["x/a", "x/b", "x/c"]}},
        live,
        "n",
    )
    assert applied(with_finalizers("x/a"), live)["metadata"]["finalizers"] == ["x/a", "x/c"]


def test_fields_of_an_updater_conflict_and_are_named_with_their_version():
    live = applied(config_map({"a": "1"}))
    live = stamped(config_map({"a": "2"}) | {"metadata": dict(live["metadata"])}, live, "kubectl-edit")
    with pytest.raises(ApplyConflict, match=r'conflict with "kubectl-edit" using v1: \.data\.a'):
        applied(config_map({"a": "1"}), live)


def test_what_was_there_before_the_first_apply_has_an_owner():
    live = config_map({"a": "1"})
    with pytest.raises(ApplyConflict, match=r'conflict with "before-first-apply" using v1: \.data\.a'):
        applied(config_map({"a": "2"}), live)
    result = applied(config_map({"b": "2"}), live)
    assert owners(result)["before-first-apply", "Update", ""] == {"f:data": {".": {}, "f:a": {}}}


def test_nulls_are_owned_but_not_kept():
    result = applied(config_map({"a": "1"}) | {"immutable": None})
    assert "immutable" not in result
    assert owners(result)["m1", "Apply", ""] == {"f:data": {"f:a": {}}, "f:immutable": {}}


def test_reset_fields_are_never_owned():
    result = applied(config_map({"a": "1"}, labels={"x": "y"}), reset_fields=(("data",),))
    assert owners(result) == {("m1", "Apply", ""): {"f:metadata": {"f:labels": {"f:x": {}}}}}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"kind": "ConfigMap"}, "invalid object type: /, Kind=ConfigMap"),
        ({"apiVersion": "v1"}, "invalid object type: /v1, Kind="),
        ({"apiVersion": "apps/v1", "kind": "Pod"}, "invalid object type: apps/v1, Kind=Pod"),
        (config_map(managedFields=[]), "metadata.managedFields must be nil"),
    ],
)
def test_patches_of_another_kind_or_with_entries_are_malformed(patch, message):
    with pytest.raises(MalformedPatch) as caught:
        applied(patch)
    assert str(caught.value) == message


def test_undeclared_fields_fail_whatever_else_holds():
    with pytest.raises(FailedPatch) as caught:
        applied(config_map() | {"bogus": 1})
    assert str(caught.value) == (
        "failed to create typed patch object (/c; /v1, Kind=ConfigMap): .bogus: field not declared in schema"
    )


def test_a_custom_resource_follows_a_schema_that_became_atomic():
    def custom(map_type):
        spec = Type("map", element=Type("string"), map_type=map_type, custom=True)
        return Type(
            "struct",
            fields={"apiVersion": Field(Type("string")), "kind": Field(Type("string")), "spec": Field(spec)},
            custom=True,
        )

    options = {"kind": "K", "api_version": "g/v1"}
    patch = {"apiVersion": "g/v1", "kind": "K", "spec": {"a": "1"}}
    live = applied(patch, type_=custom("granular"), **options)
    assert owners(live) == {("m1", "Apply", ""): {"f:spec": {"f:a": {}}}}
    with pytest.raises(ApplyConflict, match=r"\.spec$"):
        applied(patch | {"spec": {"b": "1"}}, live, "m2", type_=custom("atomic"), **options)


# kubectl's client-side annotation

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_kubectl_takes_over_what_it_applied_on_the_client_side():
    config = config_map({"a": "1"})
    live = stamped(
        config_map({"a": "1"}, annotations={LAST_APPLIED: json.dumps(config)}), manager="kubectl-client-side-apply"
    )
    patch = config_map({"a": "2"}, annotations={LAST_APPLIED: "old"})
    with pytest.raises(ApplyConflict):
        applied(patch, live, "other")
    patch = config_map({"a": "2"})
    result = applied(patch, live, "kubectl")
    assert result["data"] == {"a": "2"}
    assert json.loads(result["metadata"]["annotations"][LAST_APPLIED]) == patch


def test_kubectl_may_not_take_what_changed_since():
    config = config_map({"a": "1"})
    live = stamped(config_map({"a": "changed"}, annotations={LAST_APPLIED: json.dumps(config)}), manager="edit")
    with pytest.raises(ApplyConflict, match=r'conflict with "edit" using v1: \.data\.a'):
        applied(config_map({"a": "2"}), live, "kubectl")


# Times and names


def test_times_alone_are_no_change():
    old = applied(config_map({"a": "1"}))
    new = {
        **old,
        "metadata": {**old["metadata"], "managedFields": [{**old["metadata"]["managedFields"][0], "time": "x"}]},
    }
    changed = {**new, "metadata": dict(new["metadata"]), "data": {"a": "2"}}
    keep_timestamps(old, new)
    assert new == old
    keep_timestamps(old, changed)
    assert times(changed) == {"m1": "x"}


@pytest.mark.parametrize(
    ("user_agent", "manager"),
    [
        ("kubectl/v1.37.2 (linux/amd64)", "kubectl"),
        ("", ""),
        ("Mozilla", "Mozilla"),
        ("a\tb\nc/1", "abc"),
        ("x" * 200, "x" * 128),
        ("é" * 100, "é" * 64),
    ],
)
def test_the_default_manager_is_the_user_agents_name(user_agent, manager):
    assert default_manager(user_agent) == manager
