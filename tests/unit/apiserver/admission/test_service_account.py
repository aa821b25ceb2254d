from __future__ import annotations

import random

import pytest

from steersman.api.core.pod import PODS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import Forbidden
from steersman.apiserver.admission.service_account import TOKEN_PATH, VOLUME_PREFIX, ServiceAccount

from .shelf import Shelf, container, pod, review

MIRROR = {"annotations": {"kubernetes.io/config.mirror": "x"}}
STRICT = {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}


def _plugin(**account):
    shelf = Shelf()
    metadata = account.pop("metadata", {})
    shelf.put(SERVICE_ACCOUNTS, account, "ns", name="default", **metadata)
    return ServiceAccount(reader=shelf, rng=random.Random(1))


def _admitted(made, **account):
    plugin = _plugin(**account)
    plugin.admit(review(PODS, made))
    plugin.validate(review(PODS, made))
    return made["spec"]


def test_a_pod_runs_as_the_default_account_and_mounts_its_token():
    spec = _admitted(pod(container("a"), container("b"), initContainers=[container("i")]))
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    (volume,) = spec["volumes"]
    assert volume["name"].startswith(VOLUME_PREFIX)
    mount = {"name": volume["name"], "readOnly": True, "mountPath": TOKEN_PATH}
    assert [c["volumeMounts"] for c in (*spec["containers"], *spec["initContainers"])] == [[mount]] * 3
    assert volume["projected"] == {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ],
    }


def test_a_mount_at_the_tokens_path_stays_alone():
    own = {"name": "v", "mountPath": TOKEN_PATH}
    spec = _admitted(pod(container(volumeMounts=[own]), volumes=[{"name": "v", "emptyDir": {}}]))
    assert spec["containers"][0]["volumeMounts"] == [own]
    assert [volume["name"] for volume in spec["volumes"]] == ["v"]


def test_a_token_volume_that_is_there_is_used():
    spec = _admitted(pod(volumes=[{"name": VOLUME_PREFIX + "abc", "projected": {}}]))
    assert spec["containers"][0]["volumeMounts"][0]["name"] == VOLUME_PREFIX + "abc"
    assert len(spec["volumes"]) == 1


@pytest.mark.parametrize(
    ("of_pod", "of_account", "mounted"),
    [(None, None, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_the_pods_word_about_tokens_counts_first(of_pod, of_account, mounted):
    spec = _admitted(pod(automountServiceAccountToken=of_pod), automountServiceAccountToken=of_account)
    assert ("volumes" in spec) is mounted


def test_pull_secrets_are_the_accounts_unless_the_pod_has_its_own():
    secrets = {"imagePullSecrets": [{"name": "r"}]}
    assert _admitted(pod(), **secrets)["imagePullSecrets"] == [{"name": "r"}]
    assert _admitted(pod(imagePullSecrets=[{"name": "z"}]), **secrets)["imagePullSecrets"] == [{"name": "z"}]


def test_the_account_must_exist():
    why = 'error looking up service account ns/absent: serviceaccount "absent" not found'
    with pytest.raises(Forbidden, match=why):
        _admitted(pod(serviceAccountName="absent"))


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (pod(serviceAccountName="default", metadata=MIRROR), "a mirror pod may not reference service accounts"),
        (pod(metadata=MIRROR, imagePullSecrets=[{"name": "s"}]), "a mirror pod may not reference secrets"),
        (
            pod(metadata=MIRROR, volumes=[{"name": "v", "projected": {"sources": [{"serviceAccountToken": {}}]}}]),
            "a mirror pod may not use ServiceAccountToken volume projections",
        ),
    ],
)
def test_mirror_pods_have_nothing_of_the_api(made, why):
    with pytest.raises(Forbidden, match=why):
        _admitted(made)
    assert "serviceAccountName" not in _admitted(pod(metadata=MIRROR))


def _env(secret):
    return container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": secret, "key": "k"}}}])


def test_a_strict_account_is_obeyed():
    strict = {"metadata": STRICT, "secrets": [{"name": "ok"}]}
    _admitted(pod(_env("ok")), **strict)
    with pytest.raises(Forbidden, match="service account default does not reference that secret"):
        _admitted(pod(_env("no")), **strict)
    _admitted(pod(_env("no")))


def test_ephemeral_containers_are_held_to_it_too():
    made = pod(serviceAccountName="default", ephemeralContainers=[_env("no")])
    asked = review(PODS, made, pod(serviceAccountName="default"), subresource="ephemeralcontainers")
    with pytest.raises(Forbidden, match="ephemeral container c with envVar A"):
        _plugin(metadata=STRICT).validate(asked)
    _plugin().validate(asked)
