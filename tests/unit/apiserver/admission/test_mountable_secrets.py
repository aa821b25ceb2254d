from __future__ import annotations

import pytest

from steersman.apiserver.admission.mountable_secrets import ANNOTATION, enforces, ephemeral_violation, violation

from .shelf import container, pod

ACCOUNT = {"metadata": {"name": "sa"}, "secrets": [{"name": "ok"}], "imagePullSecrets": [{"name": "pull"}]}


@pytest.mark.parametrize(("value", "strict"), [("true", True), ("1", True), ("yes", False), ("false", False)])
def test_an_account_is_strict_if_it_says_so(value, strict):
    assert enforces({"metadata": {"annotations": {ANNOTATION: value}}}) is strict
    assert not enforces({"metadata": {}})


def _env(secret):
    return container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": secret, "key": "k"}}}])


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            pod(volumes=[{"name": "s", "secret": {"secretName": "no"}}]),
            'volume with secret.secretName="no" is not allowed',
        ),
        (pod(_env("no")), 'container c with envVar A referencing secret.secretName="no" is not allowed'),
        (pod(initContainers=[_env("no")]), 'init container c with envVar A referencing secret.secretName="no"'),
        (
            pod(container(envFrom=[{"secretRef": {"name": "no"}}])),
            'container c with envFrom referencing secret.secretName="no"',
        ),
        (pod(imagePullSecrets=[{"name": "no"}]), 'imagePullSecrets[0].name="no" is not allowed'),
    ],
)
def test_only_listed_secrets_may_be_used(made, text):
    assert violation(ACCOUNT, made["spec"]).startswith(text)


def test_listed_secrets_may():
    made = pod(_env("ok"), volumes=[{"name": "s", "secret": {"secretName": "ok"}}], imagePullSecrets=[{"name": "pull"}])
    assert violation(ACCOUNT, made["spec"]) == ""


def test_ephemeral_containers_are_judged_alone():
    made = pod(_env("no"), ephemeralContainers=[_env("ok")])
    assert ephemeral_violation(ACCOUNT, made["spec"]) == ""
    made["spec"]["ephemeralContainers"].append(_env("no"))
    assert ephemeral_violation(ACCOUNT, made["spec"]).startswith("ephemeral container c with envVar A")
