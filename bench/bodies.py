"""Bodies as clients send them: a 2.3 KB pod as a controller makes it, leases, patches."""

from __future__ import annotations

import orjson

MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def pod(name: str, number: int = 0) -> bytes:
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"web-{number % 97}",
        "uid": "7f1d3c5e-0000-4000-8000-000000000001",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    token = {
        "name": "kube-api-access-abcde",
        "projected": {
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
            ]
        },
    }
    container = {
        "name": "web",
        "image": "registry.test/shop/web:1.4.2",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "LEVEL", "value": "info"},
        ],
        "resources": {
            "limits": {"cpu": "500m", "memory": "256Mi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
        "volumeMounts": [{"name": "kube-api-access-abcde", "readOnly": True, "mountPath": MOUNT}],
    }
    return orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": {"app": f"web-{number % 97}", "tier": "front", "group": f"g{number % 100}"},
                "annotations": {"example.test/config-hash": f"{number:032x}"},
                "ownerReferences": [owner],
            },
            "spec": {"volumes": [token], "containers": [container], "serviceAccountName": "default"},
        }
    )


def lease(name: str, number: int, version: str = "") -> bytes:
    return orjson.dumps(
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name} | ({"resourceVersion": version} if version else {}),
            "spec": {
                "holderIdentity": name,
                "leaseDurationSeconds": 40,
                "renewTime": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.000000Z",
            },
        }
    )


def config_map(name: str, value: str) -> bytes:
    return orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name},
            "data": {"value": value, "more": "x" * 900},
        }
    )


def annotation(number: int) -> bytes:
    return orjson.dumps({"metadata": {"annotations": {"example.test/n": str(number)}}})


def applied_pod(name: str, number: int) -> bytes:
    return orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "annotations": {"example.test/n": str(number)}},
        }
    )
