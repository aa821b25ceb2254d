from __future__ import annotations

import pytest

from steersman.api.core.podspec.arithmetic import aggregate, default_pod_resources, qos_class


def _container(cpu_request=None, cpu_limit=None, memory=None, **fields):
    resources = {}
    if cpu_request or memory:
        resources["requests"] = {k: v for k, v in (("cpu", cpu_request), ("memory", memory)) if v}
    if cpu_limit or memory:
        resources["limits"] = {k: v for k, v in (("cpu", cpu_limit), ("memory", memory)) if v}
    return {"name": "c", "resources": resources, **fields}


def test_regular_containers_add_up_and_init_containers_run_alone() -> None:
    spec = {
        "containers": [_container("1"), _container("2")],
        "initContainers": [_container("5"), _container("4")],
    }
    assert str(aggregate(spec, "requests")["cpu"]) == "5"


def test_sidecars_add_to_everything_after_them() -> None:
    sidecar = _container("1", restartPolicy="Always")
    spec = {"containers": [_container("2")], "initContainers": [_container("1"), sidecar, _container("3")]}
    assert str(aggregate(spec, "requests")["cpu"]) == "4"


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([_container()], "BestEffort"),
        ([_container("1", "1", "1Gi")], "Guaranteed"),
        ([_container("1", "2", "1Gi")], "Burstable"),
        ([_container("1", "1", "1Gi"), _container()], "Burstable"),
        ([_container("1")], "Burstable"),
    ],
)
def test_quality_of_service(containers, expected) -> None:
    assert qos_class({"containers": containers}) == expected


def test_the_pods_own_requirements_decide_where_there_are_any() -> None:
    own = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    assert qos_class({"containers": [_container("500m")], "resources": own}) == "Guaranteed"
    assert qos_class({"containers": [_container()], "resources": {}}) == "BestEffort"


def test_requirements_that_no_pod_may_have_do_not_decide() -> None:
    spec = {"resources": {"limits": {"ephemeral-storage": "1Gi"}}, "containers": [_container(cpu_request="1")]}
    assert qos_class(spec) == "Burstable"


def test_the_pods_requests_follow_from_its_containers_and_its_limits() -> None:
    spec = {"containers": [_container("500m")], "resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}
    default_pod_resources(spec)
    assert spec["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}


def test_the_pods_limit_is_the_sum_where_every_container_has_one() -> None:
    spec = {
        "containers": [_container("1", "2"), _container("1", "3")],
        "resources": {"requests": {"cpu": "1"}},
    }
    default_pod_resources(spec)
    assert spec["resources"]["limits"] == {"cpu": "5"}
