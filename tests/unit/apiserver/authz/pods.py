"""A pod that refers to everything a pod can refer to."""

from __future__ import annotations

POD = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
    "spec": {
        "nodeName": "n1",
        "serviceAccountName": "sa",
        "imagePullSecrets": [{"name": "pull"}],
        "initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "init", "key": "k"}}}]}],
        "containers": [
            {
                "envFrom": [{"secretRef": {"name": "from"}}, {"configMapRef": {"name": "cfrom"}}],
                "env": [{"name": "x", "value": "y"}, {"valueFrom": {"configMapKeyRef": {"name": "ckey", "key": "k"}}}],
            }
        ],
        "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "debug"}}]}],
        "volumes": [
            {"name": "a", "secret": {"secretName": "vol"}},
            {"name": "b", "configMap": {"name": "cvol"}},
            {"name": "c", "projected": {"sources": [{"secret": {"name": "ps"}}, {"configMap": {"name": "pc"}}]}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "claim"}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "f", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}},
            {"name": "g", "azureFile": {"secretName": "azure"}},
            {"name": "h", "emptyDir": {}},
            {"name": "i", "cephfs": {"secretRef": {"name": "ceph"}}},
        ],
        "resourceClaims": [
            {"name": "direct", "resourceClaimName": "rc"},
            {"name": "made", "resourceClaimTemplateName": "t"},
            {"name": "not-yet", "resourceClaimTemplateName": "t"},
        ],
    },
    "status": {
        "resourceClaimStatuses": [{"name": "made", "resourceClaimName": "p-made-x"}],
        "extendedResourceClaimStatus": {"resourceClaimName": "extended"},
    },
}
SECRETS = {"pull", "init", "from", "debug", "vol", "ps", "csi", "azure", "ceph"}
