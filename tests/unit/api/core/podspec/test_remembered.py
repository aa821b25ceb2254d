"""What is remembered about pod specs is what judging them anew would find."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.podspec import remembered
from steersman.api.core.podspec.remembered import spec_errors, spec_options, spec_warnings
from steersman.api.core.podspec.validation.annotations import MIRROR, SECCOMP_POD
from steersman.api.core.podspec.validation.options import DELETION_COST, Options, options_for
from steersman.api.core.podspec.validation.spec import validate_spec_of_pod
from steersman.api.core.podspec.warnings import pod_warnings

_CLAIM = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}


def _pod(name: str = "web", annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    container = {
        "name": "web",
        "image": "registry.test/web:1",
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "File",
    }
    return {
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "terminationGracePeriodSeconds": 30,
            "securityContext": {},
        }
        | spec,
    }


def _judged(pod: dict[str, Any], options: Options) -> list[Any]:
    is_mirror = MIRROR in pod["metadata"]["annotations"]
    return validate_spec_of_pod(pod["spec"], pod["metadata"]["name"], options, is_mirror=is_mirror)


@pytest.mark.parametrize(
    "pod",
    [
        _pod(),
        _pod(restartPolicy="Sometimes"),
        _pod(annotations={MIRROR: "x"}, resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu"}]),
        _pod(resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu"}]),
        _pod(name="UPPER", volumes=[{"name": "data", "ephemeral": {"volumeClaimTemplate": _CLAIM}}]),
        _pod(name="lower", volumes=[{"name": "data", "ephemeral": {"volumeClaimTemplate": _CLAIM}}]),
        _pod(nodeSelector={"a": "\ud800"}),
    ],
)
def test_errors_are_those_of_judging_anew_the_second_time_too(pod: dict[str, Any]) -> None:
    options = Options(resource_is_pod=True)
    assert spec_errors(pod, options) == spec_errors(pod, options) == _judged(pod, options)


def test_a_caller_may_extend_the_errors_it_got() -> None:
    pod = _pod(restartPolicy="Never ever")
    first = spec_errors(pod, spec_options(None))
    first += first
    assert len(spec_errors(pod, spec_options(None))) == len(first) // 2


def test_options_tell_the_deletion_cost_of_this_pod() -> None:
    plain, odd = _pod(), _pod(annotations={DELETION_COST: "+1"})
    for pod in (plain, odd, plain):
        assert spec_options(pod) == options_for(pod, resource_is_pod=True)


def test_warnings_about_annotations_belong_to_this_pod() -> None:
    plain, odd = _pod(), _pod(annotations={SECCOMP_POD: "runtime/default"})
    for pod in (plain, odd, plain):
        assert spec_warnings(pod) == pod_warnings(pod)
    assert spec_warnings(odd)


def _with_token(volume: str, mounted: str = "", **spec: Any) -> dict[str, Any]:
    source = {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}], "defaultMode": 420}
    pod = _pod(serviceAccountName="default", serviceAccount="default", **spec)
    pod["spec"]["volumes"] = [{"name": volume, "projected": source}]
    mount = {"name": mounted or volume, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    pod["spec"]["containers"] = [pod["spec"]["containers"][0] | {"volumeMounts": [mount]}]
    return pod


def test_specs_that_differ_in_the_name_of_the_token_volume_are_one() -> None:
    options = Options(resource_is_pod=True)
    assert spec_errors(_with_token("kube-api-access-aaaaa"), options) == []
    before = remembered._check.cache_info()
    assert spec_errors(_with_token("kube-api-access-bbbbb"), options) == []
    after = remembered._check.cache_info()
    assert (after.hits, after.currsize) == (before.hits + 1, before.currsize)


@pytest.mark.parametrize(
    "pod",
    [
        _with_token("kube-api-access-aaaaa", mounted="kube-api-access-bbbbb"),
        _with_token("kube-api-access-bbbbb", mounted="kube-api-access-aaaaa"),
        _with_token("kube-api-access-AAAAA"),
        _with_token("kube-api-access-aaaaa", restartPolicy="kube-api-access-aaaaa"),
    ],
)
def test_a_token_volume_hides_no_error(pod: dict[str, Any]) -> None:
    options = Options(resource_is_pod=True)
    spec_errors(_with_token("kube-api-access-aaaaa"), options)
    assert spec_errors(pod, options) == spec_errors(pod, options) == _judged(pod, options) != []


def test_large_specs_are_judged_anew() -> None:
    pod = _pod(nodeSelector={f"key-{number}": "x" for number in range(2000)}, restartPolicy="Sometimes")
    known = remembered._check.cache_info().currsize
    assert spec_errors(pod, spec_options(pod)) == _judged(pod, options_for(pod, resource_is_pod=True))
    assert remembered._check.cache_info().currsize == known
