from __future__ import annotations

import pytest

from steersman.apiserver.authz.pod_references import pod_references, volume_secrets

from .pods import POD, SECRETS


def test_a_pod_refers_to_all_this():
    assert pod_references(POD) == (
        {("secrets", name) for name in SECRETS}
        | {("configmaps", name) for name in ("cfrom", "ckey", "cvol", "pc")}
        | {("persistentvolumeclaims", name) for name in ("claim", "p-e")}
        | {("resourceclaims", name) for name in ("rc", "p-made-x", "extended")}
        | {("serviceaccounts", "sa")}
    )


@pytest.mark.parametrize(
    ("source", "secrets"),
    [
        ({"azureFile": {"secretName": "s"}}, [("ns", "s")]),
        ({"azureFile": {"secretName": "s", "secretNamespace": "x"}}, [("x", "s")]),
        ({"rbd": {"secretRef": {"name": "s"}}}, [("ns", "s")]),
        ({"cephfs": {"secretRef": {"name": "s", "namespace": "x"}}}, [("x", "s")]),
        ({"hostPath": {"path": "/x"}}, []),
    ],
)
def test_secrets_of_volumes(source, secrets):
    assert list(volume_secrets({"spec": {"claimRef": {"namespace": "ns", "name": "c"}, **source}})) == secrets
