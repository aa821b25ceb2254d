"""What a pod uses by name."""

from __future__ import annotations

from steersman.api.core.pod_secrets import config_map_names, secret_names


def _env(kind, name):
    return {"name": "A", "valueFrom": {kind: {"name": name, "key": "k"}}}


def test_names_are_found_wherever_a_pod_may_use_them():
    spec = {
        "containers": [{"env": [_env("secretKeyRef", "s1"), _env("configMapKeyRef", "c1")]}],
        "initContainers": [{"envFrom": [{"secretRef": {"name": "s2"}}, {"configMapRef": {"name": "c2"}}]}],
        "ephemeralContainers": [{"env": [_env("secretKeyRef", "s3")]}],
        "imagePullSecrets": [{"name": "s4"}],
        "volumes": [
            {"name": "a", "secret": {"secretName": "s5"}},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "s6"}}, {"configMap": {"name": "c3"}}]}},
            {"name": "c", "azureFile": {"secretName": "s7"}},
            {"name": "d", "cephfs": {"secretRef": {"name": "s8"}}},
            {"name": "e", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "s9"}}},
            {"name": "f", "configMap": {"name": "c4"}},
        ],
    }
    assert {name for name in secret_names(spec) if name} == {f"s{number}" for number in range(1, 10)}
    assert {name for name in config_map_names(spec) if name} == {"c1", "c2", "c3", "c4"}
