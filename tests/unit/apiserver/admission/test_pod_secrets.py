from __future__ import annotations

import pytest

from steersman.apiserver.admission.pod_secrets import UnknownVolume, api_reference, config_map_names, secret_names

from .shelf import container, pod


def _env(kind, name):
    return {"name": "A", "valueFrom": {kind: {"name": name, "key": "k"}}}


def test_names_are_found_wherever_a_pod_may_use_them():
    spec = pod(
        container(env=[_env("secretKeyRef", "s1"), _env("configMapKeyRef", "c1")]),
        initContainers=[container(envFrom=[{"secretRef": {"name": "s2"}}, {"configMapRef": {"name": "c2"}}])],
        ephemeralContainers=[container(env=[_env("secretKeyRef", "s3")])],
        imagePullSecrets=[{"name": "s4"}],
        volumes=[
            {"name": "a", "secret": {"secretName": "s5"}},
            {"name": "b", "projected": {"sources": [{"secret": {"name": "s6"}}, {"configMap": {"name": "c3"}}]}},
            {"name": "c", "azureFile": {"secretName": "s7"}},
            {"name": "d", "cephfs": {"secretRef": {"name": "s8"}}},
            {"name": "e", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "s9"}}},
            {"name": "f", "configMap": {"name": "c4"}},
        ],
    )["spec"]
    assert {name for name in secret_names(spec) if name} == {f"s{number}" for number in range(1, 10)}
    assert {name for name in config_map_names(spec) if name} == {"c1", "c2", "c3", "c4"}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({}, ""),
        ({"serviceAccountName": "x"}, "serviceaccounts"),
        ({"imagePullSecrets": [{"name": "x"}]}, "secrets"),
        ({"volumes": [{"name": "v", "configMap": {"name": "x"}}]}, "configmaps"),
        ({"volumes": [{"name": "v", "configMap": {}}]}, "configmaps (via configmap volumes)"),
        ({"resourceClaims": [{"name": "x"}]}, "resourceclaims"),
        ({"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "hostPath": {}}]}, ""),
        ({"volumes": [{"name": "v", "csi": {"driver": "d"}}]}, "csidrivers (via CSI volumes)"),
        ({"volumes": [{"name": "v", "ephemeral": {}}]}, "persistentvolumeclaims (via ephemeral volumes)"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"downwardAPI": {}}]}}]}, ""),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {}}]}}]}, "clustertrustbundles"),
    ],
)
def test_what_a_pod_refers_to(spec, found):
    assert api_reference(pod(**spec)["spec"]) == found


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        ({"name": "v"}, 'unknown volume type for volume  "v"'),
        ({"name": "v", "projected": {"sources": [{}]}}, 'unknown source for projected volume "v"'),
    ],
)
def test_unknown_volumes_are_refused_rather_than_overlooked(volume, why):
    with pytest.raises(UnknownVolume, match=why):
        api_reference(pod(volumes=[volume])["spec"])
