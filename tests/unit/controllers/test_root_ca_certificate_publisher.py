"""The CA in every namespace."""

from __future__ import annotations

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.client.request import Key
from steersman.controllers.root_ca_certificate_publisher import (
    DESCRIPTION,
    DESCRIPTION_KEY,
    RootCA,
    RootCACertificatePublisher,
    active_namespaces,
    changed_copies,
    plan,
)

COPY = Key("a", "kube-root-ca.crt")


def test_a_copy_is_made_repaired_and_otherwise_left_alone():
    made = plan("a", None, ca_pem="PEM")
    assert made is not None
    assert made["data"] == {"ca.crt": "PEM"}
    assert made["metadata"]["annotations"] == {DESCRIPTION_KEY: DESCRIPTION}
    assert plan("a", made, ca_pem="PEM") is None
    described = made | {"metadata": made["metadata"] | {"annotations": {DESCRIPTION_KEY: "ours"}}}
    assert plan("a", described, ca_pem="PEM") is None
    bare = made | {"metadata": {"name": "kube-root-ca.crt", "annotations": {"x": "y"}}}
    repaired = plan("a", bare, ca_pem="PEM")
    assert repaired is not None
    assert repaired["metadata"]["annotations"] == {"x": "y", DESCRIPTION_KEY: DESCRIPTION}
    spoilt = plan("a", made | {"data": {"ca.crt": "PEM", "more": "x"}}, ca_pem="PEM")
    assert spoilt is not None
    assert spoilt["data"] == {"ca.crt": "PEM"}


def test_what_concerns_which_namespace():
    active = {"metadata": {"name": "a"}, "status": {"phase": "Active"}}
    going = {"metadata": {"name": "a"}, "status": {"phase": "Terminating"}}
    assert active_namespaces(None, going) == active_namespaces(active, active) == [Key("", "a")]
    assert active_namespaces(active, going) == active_namespaces(active, None) == []
    copy = {"metadata": {"namespace": "a", "name": "kube-root-ca.crt"}}
    other = {"metadata": {"namespace": "a", "name": "other"}}
    assert changed_copies(copy, None) == changed_copies(copy, copy) == [Key("", "a")]
    assert changed_copies(None, copy) == changed_copies(other, None) == []


@pytest.mark.virtual_time
async def test_every_namespace_has_it_and_gets_it_back(bench):
    await bench.start(RootCACertificatePublisher, settings=RootCA(ca_pem="PEM"))
    await bench.client.create(NAMESPACES, {"metadata": {"name": "a"}})
    await bench.settle()
    made = await bench.client.get(CONFIG_MAPS, COPY)
    assert made["data"] == {"ca.crt": "PEM"}
    await bench.client.update(CONFIG_MAPS, made | {"data": {"ca.crt": "other"}})
    await bench.settle()
    assert (await bench.client.get(CONFIG_MAPS, COPY))["data"] == {"ca.crt": "PEM"}
    await bench.client.delete(CONFIG_MAPS, COPY)
    await bench.settle()
    assert (await bench.client.get(CONFIG_MAPS, COPY))["data"] == {"ca.crt": "PEM"}
