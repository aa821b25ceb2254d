"""A cluster inside a test: time, the past, its parts, clients from outside."""

from __future__ import annotations

import subprocess

import pytest

from steersman.testing.cluster import Cluster, ComponentFailed, NotSettled

CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: hourly}
spec:
  schedule: "0 * * * *"
  successfulJobsHistoryLimit: 100
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
"""


@pytest.fixture
def cluster():
    with Cluster() as made:
        yield made


def names(cluster: Cluster, kind: str) -> list[str]:
    return sorted(each["metadata"]["name"] for each in cluster.client.list(kind))


def test_time_passes_only_when_it_is_told_to(cluster) -> None:
    before = cluster.now
    cluster.client.apply(CRON_JOB)
    assert cluster.now == before
    cluster.advance(hours=3, minutes=30)
    assert (cluster.now - before).total_seconds() == 12600
    assert len(names(cluster, "jobs")) == 3


def test_a_seed_makes_the_same_cluster_again() -> None:
    def pods(seed: int) -> list[str]:
        with Cluster(seed=seed) as cluster:
            cluster.client.apply(DEPLOYMENT)
            cluster.settle()
            return names(cluster, "pods")

    assert pods(1) == pods(1)
    assert pods(1) != pods(2)


def test_a_cluster_becomes_what_it_was(cluster) -> None:
    cluster.client.apply(DEPLOYMENT)
    cluster.settle()
    then, snapshot = names(cluster, "pods"), cluster.snapshot()
    cluster.client.delete("deployment", "web")
    cluster.settle()
    assert names(cluster, "pods") == []
    cluster.restore(snapshot)
    assert cluster.now == snapshot.now
    assert names(cluster, "pods") == then
    cluster.client.scale("deployment", "web", 5)
    cluster.settle()
    assert len(names(cluster, "pods")) == 5


def test_a_fork_goes_its_own_way(cluster) -> None:
    cluster.client.apply(DEPLOYMENT)
    cluster.settle()
    with cluster.fork() as other:
        assert names(other, "pods") == names(cluster, "pods")
        other.client.scale("deployment", "web", 0)
        other.settle()
        assert names(other, "pods") == []
    assert len(names(cluster, "pods")) == 3


@pytest.mark.parametrize("part", ["apiserver", "controllers", "scheduler"])
def test_every_part_can_be_restarted(cluster, part: str) -> None:
    cluster.client.apply(DEPLOYMENT)
    cluster.restart(part)
    cluster.client.scale("deployment", "web", 4)
    cluster.settle()
    assert len(names(cluster, "pods")) == 4


def test_without_controllers_nothing_happens_until_they_are_back(cluster) -> None:
    cluster.stop("controllers")
    cluster.client.apply(DEPLOYMENT)
    cluster.settle()
    assert names(cluster, "pods") == []
    cluster.start("controllers")
    cluster.settle()
    assert len(names(cluster, "pods")) == 3


def test_what_never_settles_is_said(cluster) -> None:
    cluster.client.apply(CRON_JOB.replace('"0 * * * *"', '"* * * * *"'))
    with pytest.raises(NotSettled, match=r"the last change was .*-controller: "):
        cluster.settle(quiet_s=90, limit_s=400)


def test_a_part_that_crashes_fails_the_test() -> None:
    def crash() -> None:
        with Cluster() as cluster:
            cluster._cluster._crashes.append(("watcher", ValueError("broken")))
            cluster.advance(seconds=1)

    with pytest.raises(ComponentFailed, match="watcher: ValueError"):
        crash()


def test_the_clock_may_be_set_without_timers_noticing(cluster) -> None:
    before = cluster.now
    cluster.jump_clock(-600)
    cluster.advance(seconds=1)
    assert (cluster.now - before).total_seconds() == -599


def test_clients_from_outside_are_served(cluster, root) -> None:
    cluster.client.apply(DEPLOYMENT)
    cluster.settle()
    with cluster.flowing() as kubeconfig:
        command = [root / "scripts" / "kubectl", "--kubeconfig", kubeconfig, "get", "deployment", "web", "-o=name"]
        got = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert got.stdout == "deployment.apps/web\n"
    cluster.client.scale("deployment", "web", 1)
    cluster.settle()
    assert len(names(cluster, "pods")) == 1
