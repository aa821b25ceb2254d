from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.certificates.material import certificate, private_key

from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES

PATH = 'spec.trustBundle: Invalid value: "<value omitted>"'


@pytest.fixture(scope="module")
def anchor() -> str:
    return certificate(private_key(), is_ca=True)


def test_a_bundle_holds_authorities_each_once(judge: Any, anchor: str) -> None:
    asked = judge(CLUSTER_TRUST_BUNDLES)
    assert asked.errors({"spec": {"trustBundle": anchor}}) == []
    assert asked.errors({"spec": {"trustBundle": anchor * 2}}) == [f"{PATH}: duplicate trust anchor (indices [0 1])"]
    assert asked.errors({"spec": {}}) == [f"{PATH}: at least one trust anchor must be provided"]
    other = anchor.replace("CERTIFICATE", "KEY")
    assert asked.errors({"spec": {"trustBundle": other}}) == [f"{PATH}: entry 0 has bad block type: KEY"]
    leaf = certificate(private_key())
    assert asked.errors({"spec": {"trustBundle": leaf}}) == [f"{PATH}: entry 0 does not have the CA bit set"]


def test_its_signer_never_changes_and_is_in_its_name(judge: Any, anchor: str) -> None:
    asked = judge(CLUSTER_TRUST_BUNDLES)
    old = asked.created({"metadata": {"name": "a.b:c:x"}, "spec": {"trustBundle": anchor, "signerName": "a.b/c"}})
    new = {"metadata": {"name": "a.b:c:x"}, "spec": {"trustBundle": anchor, "signerName": "a.b/d"}}
    name, signer = asked.update_errors(new, old)
    assert name.endswith("ClusterTrustBundle for signerName a.b/d must be named with prefix a.b:d:")
    assert signer == 'spec.signerName: Invalid value: "a.b/d": field is immutable'
