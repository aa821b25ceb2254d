"""The API server's CA as a trust bundle."""

from __future__ import annotations

import pytest

from steersman.api.certificates.cluster_trust_bundle import CLUSTER_TRUST_BUNDLES
from steersman.client.request import Key
from steersman.controllers.kube_apiserver_serving_clustertrustbundle_publisher import (
    SIGNER,
    Plan,
    ServingCA,
    ServingClusterTrustBundlePublisher,
    bundle_name,
    concerned,
    plan,
)


def bundle(name, *, signer=SIGNER, pem="PEM"):
    return {"metadata": {"name": name}, "spec": {"signerName": signer, "trustBundle": pem}}


def test_the_name_is_made_of_the_content():
    name = bundle_name("PEM")
    assert name.startswith("kubernetes.io:kube-apiserver-serving:")
    assert len(name.rpartition(":")[2]) == 24
    assert bundle_name("other") != name


def test_one_bundle_of_the_signer_is_left():
    name = bundle_name("PEM")
    first = plan([bundle("x", signer="a.example/b"), bundle("old")], ca_pem="PEM")
    assert first.create is not None
    assert first.create["metadata"] == {"name": name}
    assert first.delete == [Key("", "old")]
    assert plan([bundle(name)], ca_pem="PEM") == Plan(None, None, [])
    spoilt = plan([bundle(name, pem="other")], ca_pem="PEM")
    assert spoilt.update == bundle(name)


def test_bundles_of_others_do_not_matter():
    assert concerned(None, bundle("x", signer="a.example/b")) == []
    assert concerned(bundle("x"), None)


@pytest.mark.virtual_time
async def test_it_is_published_and_put_back(bench, pki):
    pem = pki.ca_pem()
    await bench.start(ServingClusterTrustBundlePublisher, settings=ServingCA(ca_pem=pem))
    key = Key("", bundle_name(pem))
    assert (await bench.client.get(CLUSTER_TRUST_BUNDLES, key))["spec"]["trustBundle"] == pem
    await bench.client.delete(CLUSTER_TRUST_BUNDLES, key)
    await bench.settle()
    assert (await bench.client.get(CLUSTER_TRUST_BUNDLES, key))["spec"]["signerName"] == SIGNER
