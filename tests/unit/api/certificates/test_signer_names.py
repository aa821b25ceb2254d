from __future__ import annotations

import pytest

from steersman.api.certificates.signer_names import (
    is_kubernetes_signer,
    signer_in_bundle_name,
    validate_cluster_trust_bundle_name,
    validate_signer_name,
)


@pytest.mark.parametrize("name", ["example.com/signer", "kubernetes.io/kube-apiserver-client", "a.b/ns.name"])
def test_a_signer_is_a_domain_and_a_path(name) -> None:
    assert validate_signer_name(name, "spec.signerName") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "s: Required value"),
        (
            "signer",
            "s: Invalid value: \"signer\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
        ),
        ("a/b", 's: Invalid value: "a": should be a domain with at least two segments separated by dots'),
    ],
)
def test_what_is_wrong_is_told(name, text) -> None:
    assert str(validate_signer_name(name, "s")[0]) == text


def test_only_the_first_bad_label_is_told() -> None:
    (error,) = validate_signer_name("A.B.c/x", "s")
    assert error.detail.startswith('validating label "A": ')


def test_bundles_of_a_signer_are_named_after_it() -> None:
    assert validate_cluster_trust_bundle_name("example.com:signer:b", "example.com/signer") == []
    assert signer_in_bundle_name("example.com:signer:b") == "example.com/signer"
    assert "must be named with prefix" in validate_cluster_trust_bundle_name("b", "example.com/signer")[0]
    assert 'must not have ":"' in validate_cluster_trust_bundle_name("a:b", "")[0]


def test_kubernetes_own_signers() -> None:
    assert is_kubernetes_signer("kubernetes.io/x")
    assert is_kubernetes_signer("a.kubernetes.io/x")
    assert not is_kubernetes_signer("notkubernetes.io/x")
