"""What services and owners select, out of informers that are fed by hand."""

from __future__ import annotations

import random

import pytest

from steersman.api.apps.replica_set import REPLICA_SETS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.replication_controller import REPLICATION_CONTROLLERS
from steersman.api.core.service import SERVICES
from steersman.client.client import Client
from steersman.client.informer import Informers
from steersman.cluster.local_transport import LocalTransport
from steersman.scheduler.pod_info import read_pod
from steersman.scheduler.readers import Readers


@pytest.fixture
def informers():
    transport = LocalTransport(handler=lambda _request: None, user_agent="tests")
    return Informers(client=Client(transport=transport, rng=random.Random(1)), rng=random.Random(1))


@pytest.fixture
def readers(informers):
    return Readers(informers=informers)


def pod(**metadata):
    labels = {"app": "web", "tier": "front"}
    return read_pod({"metadata": {"namespace": "ns", "name": "p", "labels": labels, **metadata}, "spec": {}})


def obj(name, spec=None, **metadata):
    return {"metadata": {"name": name, **metadata}, "spec": spec or {}}


def owner(kind, version):
    return [{"apiVersion": version, "kind": kind, "name": "web", "controller": True}]


def test_nothing_selects(readers):
    assert readers.selecting(pod()).everything


def test_services_of_the_namespace_that_select_the_pod(informers, readers):
    services = [
        obj("a", {"selector": {"app": "web"}}, namespace="ns"),
        obj("b", {"selector": {"app": "other"}}, namespace="ns"),
        obj("c", {"selector": {"tier": "front"}}, namespace="elsewhere"),
        obj("d", {}, namespace="ns"),
    ]
    informers.of(SERVICES).replace(services, "1")
    assert str(readers.selecting(pod())) == "app=web"


def test_the_controller(informers, readers):
    sets = [obj("web", {"selector": {"matchLabels": {"tier": "front"}}}, namespace="ns")]
    informers.of(REPLICA_SETS).replace(sets, "1")
    informers.of(REPLICATION_CONTROLLERS).replace([obj("web", {"selector": {"app": "web"}}, namespace="ns")], "1")
    assert str(readers.selecting(pod(ownerReferences=owner("ReplicaSet", "apps/v1")))) == "tier=front"
    assert str(readers.selecting(pod(ownerReferences=owner("ReplicationController", "v1")))) == "app=web"
    assert readers.selecting(pod(ownerReferences=owner("ReplicaSet", "example.com/v1"))).everything
    assert readers.selecting(pod(ownerReferences=owner("StatefulSet", "apps/v1"))).everything


def test_labels_of_namespaces(informers, readers):
    informers.of(NAMESPACES).replace([obj("ns", labels={"team": "a"})], "1")
    assert readers.namespace_labels("ns") == {"team": "a"}
    assert readers.namespace_labels("gone") == {}
