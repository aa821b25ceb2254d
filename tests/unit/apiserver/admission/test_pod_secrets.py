from __future__ import annotations

import pytest

from steersman.apiserver.admission.pod_secrets import UnknownVolume, api_reference

from .shelf import pod


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
