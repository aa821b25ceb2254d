"""Faults between clients and the API server."""

from __future__ import annotations

import pytest

from steersman.api.errors import ApiError, NotFound
from steersman.client.errors import Interrupted
from steersman.testing.cluster import Cluster

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
"""


@pytest.fixture
def cluster():
    with Cluster() as made:
        yield made


def test_a_refused_request_does_not_arrive(cluster) -> None:
    cluster.faults.fail(verb="create", resource="configmaps", code=403, times=1)
    with pytest.raises(ApiError) as refusal:
        cluster.client.create(CONFIG_MAP)
    assert refusal.value.code == 403
    with pytest.raises(NotFound):
        cluster.client.get("cm", "a")
    cluster.client.create(CONFIG_MAP)


def test_a_lost_answer_means_that_it_is_done(cluster) -> None:
    cluster.faults.lose_answers(verb="create", resource="configmaps", times=1)
    with pytest.raises(Interrupted):
        cluster.client.create(CONFIG_MAP)
    assert cluster.client.get("cm", "a")["metadata"]["name"] == "a"


def test_a_delay_passes_in_the_clusters_time(cluster) -> None:
    before = cluster.now
    cluster.faults.delay(7, verb="create", resource="configmaps", times=1)
    cluster.client.create(CONFIG_MAP)
    assert (cluster.now - before).total_seconds() == 7


def test_a_rule_means_whom_it_names(cluster) -> None:
    cluster.faults.fail(component="replicaset-controller", verb="create", resource="pods", code=500)
    cluster.client.apply(DEPLOYMENT)
    cluster.settle(quiet_s=1)
    assert cluster.client.list("pods") == []
    assert len(cluster.client.list("replicasets")) == 1
    cluster.faults.clear()
    cluster.advance(minutes=1)
    assert len(cluster.client.list("pods")) == 2


def test_controllers_survive_the_loss_of_all_their_watches(cluster) -> None:
    assert cluster.drop_watches() > 30
    cluster.client.apply(DEPLOYMENT)
    cluster.settle()
    assert len(cluster.client.list("pods")) == 2
    assert cluster.drop_watches(resource="deployments") == 1


def test_who_asked_for_what_is_told(cluster) -> None:
    calls = []
    cluster.faults.observers.append(calls.append)
    cluster.client.create(CONFIG_MAP)
    [call] = [each for each in calls if each.info.resource == "configmaps" and each.verb == "create"]
    assert (call.component, call.code, call.info.namespace) == ("administrator", 201, "default")
