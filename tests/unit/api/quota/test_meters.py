"""What objects use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.quota.meters import Counter, PersistentVolumeClaims, Pods, Services, has_ended

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def used(meter, obj):
    return {name: str(amount) for name, amount in meter.usage(obj, NOW).items()}


def test_an_object_counts_under_its_names():
    assert used(Counter(group="", plural="secrets", alias="secrets"), {}) == {"count/secrets": "1", "secrets": "1"}
    meter = Counter(group="a.example", plural="things")
    assert used(meter, {}) == {"count/things.a.example": "1"}
    assert meter.matching(["count/things.a.example", "things"]) == {"count/things.a.example"}


def test_a_pod_counts_while_it_runs():
    pod = {"metadata": {}, "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]}}
    assert used(Pods(), pod) == {"count/pods": "1", "pods": "1", "cpu": "1", "requests.cpu": "1"}
    assert used(Pods(), pod | {"status": {"phase": "Failed"}}) == {"count/pods": "1"}


@pytest.mark.parametrize(("grace_s", "ended"), [(30, True), (3600, False), (None, False)])
def test_a_pod_that_is_overdue_has_ended(grace_s, ended):
    metadata = {"deletionTimestamp": "2025-12-31T23:59:00Z", "deletionGracePeriodSeconds": grace_s}
    assert has_ended({"metadata": metadata}, NOW) is ended


def test_services_count_ports_and_balancers():
    service = {"spec": {"type": "LoadBalancer", "ports": [{}, {}]}}
    assert used(Services(), service) == {
        "count/services": "1",
        "services": "1",
        "services.nodeports": "2",
        "services.loadbalancers": "1",
    }


def test_claims_count_their_size_also_by_class():
    spec = {"storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}
    found = used(PersistentVolumeClaims(), {"metadata": {}, "spec": spec})
    assert found["requests.storage"] == found["gold.storageclass.storage.k8s.io/requests.storage"] == "1Gi"
    assert found["gold.storageclass.storage.k8s.io/persistentvolumeclaims"] == "1"
