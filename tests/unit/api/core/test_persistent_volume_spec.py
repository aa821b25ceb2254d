from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.persistent_volume_spec import default_volume_source, validate_volume_spec

BASE: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def _errors(spec: dict[str, Any], **options: bool) -> list[str]:
    return [str(error) for error in validate_volume_spec(spec, "pv", "spec", **options)]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ({}, ["spec: Required value: must specify a volume type"]),
        ({"hostPath": {"path": "/a/.."}}, ["spec.hostPath.path: Invalid value: \"/a/..\": must not contain '..'"]),
        ({"nfs": {"server": "s", "path": "/"}, "cephfs": {"monitors": ["m"]}}, ["spec.cephFS: Forbidden: may not specify more than 1 volume type"]),
        ({"nfs": {"server": "s", "path": "/"}, "flexVolume": {"driver": ""}}, ["spec.flexVolume.driver: Required value"]),
        ({"gcePersistentDisk": {}}, ["spec.persistentDisk.pdName: Required value"]),
        ({"glusterfs": {"endpoints": "e", "path": "p", "endpointsNamespace": ""}}, ['spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name']),
        ({"cinder": {"volumeID": "v", "secretRef": {"name": "s"}}}, ["spec.cinder.secretRef.namespace: Required value"]),
        ({"storageos": {"volumeName": "v", "secretRef": {}}}, ["spec.storageos.secretRef.name: Required value", "spec.storageos.secretRef.namespace: Required value"]),
        ({"azureFile": {"secretName": "s", "shareName": "s", "secretNamespace": ""}}, ["spec.azureFile.secretNamespace: Required value"]),
        ({"iscsi": {"targetPortal": "p", "iqn": "sock", "lun": 256, "secretRef": {}}}, [
            'spec.iscsi.iqn: Invalid value: "sock": must be valid format',
            "spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
            "spec.iscsi.secretRef.name: Required value",
        ]),
        ({"local": {"path": ""}}, ["spec.local.path: Required value", "spec.nodeAffinity: Required value: Local volume requires node affinity"]),
        ({"csi": {"driver": "d", "volumeHandle": "", "nodePublishSecretRef": {"name": "B"}}}, [
            "spec.csi.volumeHandle: Required value",
            f'spec.csi.nodePublishSecretRef.name: Invalid value: "B": {SUBDOMAIN}',
            "spec.csi.nodePublishSecretRef.namespace: Required value",
        ]),
    ],
)  # fmt: skip
def test_each_source(source: dict[str, Any], texts: list[str]) -> None:
    assert _errors(BASE | source) == texts


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"accessModes": []}, ["spec.accessModes: Required value"]),
        ({"capacity": {"storage": "-1", "cpu": "1"}}, [
            'spec.capacity: Unsupported value: {"cpu":"1","storage":"-1"}: supported values: "storage"',
            "spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
            'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
        ]),
        ({"persistentVolumeReclaimPolicy": "Keep"}, ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"']),
        ({"persistentVolumeReclaimPolicy": "Recycle", "hostPath": {"path": "//"}}, ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"]),
        ({"nodeAffinity": {}}, ["spec.nodeAffinity.required: Required value: must specify required node constraints"]),
        ({"volumeMode": ""}, ['spec.volumeMode: Unsupported value: "": supported values: "Block", "Filesystem"']),
        ({"volumeAttributesClassName": ""}, [
            "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
            "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
        ]),
    ],
)  # fmt: skip
def test_each_field(spec: dict[str, Any], texts: list[str]) -> None:
    assert _errors(BASE | {"hostPath": {"path": "/x"}} | spec) == texts


def test_an_inline_volume_is_csi_and_has_nothing_of_its_own() -> None:
    spec = BASE | {"claimRef": {}, "hostPath": {"path": "/x"}, "storageClassName": "sc", "volumeMode": "Block"}
    assert _errors(spec, inline=True) == [
        "spec.claimRef: Forbidden: may not be specified in the context of inline volumes",
        "spec.capacity: Forbidden: may not be specified in the context of inline volumes",
        "spec.csi: Required value: has to be specified in the context of inline volumes",
        "spec.storageClassName: Forbidden: may not be specified in the context of inline volumes",
        "spec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes",
    ]


def test_defaults_of_sources() -> None:
    spec: dict[str, Any] = {"capacity": {"storage": "1u"}, "hostPath": {"path": "/"}}
    default_volume_source(spec)
    assert spec == {"capacity": {"storage": "1m"}, "hostPath": {"path": "/", "type": ""}}
