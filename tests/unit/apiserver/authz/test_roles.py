from __future__ import annotations

from steersman.apiserver.authz.roles import RoleTable


def obj(name, namespace="", **further):
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"metadata": metadata, **further}


def test_objects_are_found_until_they_are_removed():
    table = RoleTable()
    table.put("clusterroles", obj("c"))
    table.put("roles", obj("r", "ns"))
    assert table.cluster_role("c") == obj("c")
    assert table.role("ns", "r") == obj("r", "ns")
    assert table.role("other", "r") is None
    table.remove("clusterroles", "", "c")
    table.remove("clusterroles", "", "never-there")
    assert table.cluster_role("c") is None


def test_bindings_come_in_the_order_of_their_names():
    table = RoleTable()
    for name in "cab":
        table.put("clusterrolebindings", obj(name))
        table.put("rolebindings", obj(name, "ns"))
    assert [binding["metadata"]["name"] for binding in table.cluster_role_bindings()] == ["a", "b", "c"]
    table.remove("rolebindings", "ns", "b")
    assert [binding["metadata"]["name"] for binding in table.role_bindings("ns")] == ["a", "c"]
    assert list(table.role_bindings("other")) == []


def test_a_change_raises_the_version_of_its_scope_only():
    table = RoleTable()
    table.put("clusterroles", obj("c"))
    cluster, namespace = table.version(""), table.version("ns")
    table.put("roles", obj("r", "ns"))
    assert table.version("") == cluster
    assert table.version("ns") > namespace
    table.put("clusterroles", obj("c"))
    assert table.version("") > cluster


def test_a_namespace_that_comes_back_never_repeats_a_version():
    table = RoleTable()
    seen = set()
    for _ in range(3):
        table.put("roles", obj("r", "ns"))
        seen.add(table.version("ns"))
        table.remove("roles", "ns", "r")
        seen.add(table.version("ns"))
    assert len(seen) == 6


def test_removing_what_is_not_there_changes_nothing():
    table = RoleTable()
    table.remove("roles", "ns", "r")
    assert table.version("ns") == 0
