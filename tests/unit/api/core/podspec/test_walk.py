from __future__ import annotations

from steersman.api.core.podspec.walk import all_containers, containers_with_paths, is_sidecar

SPEC = {
    "containers": [{"name": "c"}],
    "initContainers": [{"name": "i", "restartPolicy": "Always"}],
    "ephemeralContainers": [{"name": "e"}],
}


def test_init_containers_come_first_and_ephemeral_ones_last() -> None:
    assert [container["name"] for container in all_containers(SPEC)] == ["i", "c", "e"]
    assert [path for _, path in containers_with_paths(SPEC, "spec")] == [
        "spec.initContainers[0]", "spec.containers[0]", "spec.ephemeralContainers[0]",
    ]  # fmt: skip


def test_a_sidecar_is_an_init_container_that_restarts() -> None:
    assert is_sidecar(SPEC["initContainers"][0])
    assert not is_sidecar(SPEC["containers"][0])
    assert not is_sidecar(None)
