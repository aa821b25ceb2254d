from __future__ import annotations

from steersman.api.core.workload import (
    check_collisions,
    check_replica_counts,
    check_selector,
    container_cell,
    name_warnings,
    selector_cell,
)

TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}]}}


def texts(errors):
    return [str(error) for error in errors]


def test_names_that_are_no_host_names_are_warned_of() -> None:
    assert name_warnings({"metadata": {"name": "a-b"}}) == []
    (warning,) = name_warnings({"metadata": {"name": "a.b"}})
    assert warning.endswith("; a DNS label is recommended: [must not contain dots]")


def test_a_selector_selects_something() -> None:
    assert texts(check_selector(None, "s", "x")) == ["s: Required value"]
    assert texts(check_selector({}, "s", "x")) == ["s: Invalid value: {}: empty selector is invalid for x"]
    assert check_selector({"matchLabels": {"a": "b"}}, "s", "x") == []


def test_a_part_is_not_more_than_the_whole() -> None:
    status = {"replicas": 1, "readyReplicas": 2, "availableReplicas": 3}
    assert texts(check_replica_counts(status, ("readyReplicas", "availableReplicas"))) == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
    ]


def test_collisions_are_not_forgotten() -> None:
    old = {"status": {"collisionCount": 2}}
    assert check_collisions(old, old) == []
    assert texts(check_collisions({}, old)) == ["status.collisionCount: Invalid value: 0: cannot be decremented"]


def test_cells() -> None:
    assert (container_cell(TEMPLATE, "name"), container_cell(TEMPLATE, "image")) == ("a,b", "x:1,y")
    assert selector_cell({"matchLabels": {"b": "2", "a": "1"}}) == "a=1,b=2"
    assert selector_cell({}) == "<none>"
    assert selector_cell({"matchExpressions": [{"key": "a", "operator": "?"}]}) == "<error>"
