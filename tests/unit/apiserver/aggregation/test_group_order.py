"""Priorities of APIServices decide which group and which version clients meet first."""

from __future__ import annotations

from steersman.apiserver.aggregation.group_order import by_name, ordered_groups
from steersman.apiserver.aggregation.registrations import Backend, Registration
from steersman.apiserver.discovery import version_preference

BACKEND = Backend(namespace="default", service="ext", port=443)


def registered(
    name: str, group_priority: int, version_priority: int = 15, backend: Backend | None = BACKEND
) -> Registration:
    version, _, group = name.partition(".")
    return Registration(
        name=name,
        group=group,
        version=version,
        group_priority=group_priority,
        version_priority=version_priority,
        backend=backend,
    )


def test_groups_by_priority_and_versions_by_theirs() -> None:
    served = {"apiregistration.k8s.io": {"v1": False}, "apps": {"v1": False}, "custom.example": {"v1": True}}
    local = [registered("v1.apps", 17800, backend=None)]
    remote = [registered("v1.late.example", 100), registered("v1.early.example", 18000, 1)]
    more = [registered("v2.early.example", 10, 5)]
    found = ordered_groups(served, [*local, *remote, *more], version_preference)
    assert [(group.name, group.versions) for group in found] == [
        ("apiregistration.k8s.io", ("v1",)),
        ("early.example", ("v2", "v1")),
        ("apps", ("v1",)),
        ("custom.example", ("v1",)),
        ("late.example", ("v1",)),
    ]


def test_versions_of_one_priority_are_in_the_order_that_kubernetes_has_for_their_names() -> None:
    names = ("v1.g", "v2.g", "v1beta1.g", "v10.g")
    (group,) = ordered_groups({}, [registered(name, 100) for name in names], version_preference)
    assert group.versions == ("v10", "v2", "v1", "v1beta1")


def test_of_equal_groups_the_old_form_looks_at_the_names_of_apiservices_and_the_new_one_at_those_of_groups() -> None:
    found = ordered_groups({"a.example": {"v2": True}, "b.example": {"v1": True}}, [], version_preference)
    assert [group.name for group in found] == ["b.example", "a.example"]
    assert [group.name for group in by_name(found)] == ["a.example", "b.example"]


def test_a_local_apiservice_announces_nothing_that_is_not_served() -> None:
    assert ordered_groups({}, [registered("v1.gone.example", 100, backend=None)], version_preference) == []


def test_the_legacy_group_is_no_group() -> None:
    assert ordered_groups({"": {"v1": False}}, [registered("v1.", 18000)], version_preference) == []


def test_without_apiservices_built_in_groups_are_as_the_table_has_them_before_custom_ones() -> None:
    served = {"z": {"v1": False}, "a": {"v1": False}, "b": {"v1": True}}
    assert [group.name for group in ordered_groups(served, [], version_preference)] == ["z", "a", "b"]
