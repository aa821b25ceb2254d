"""What claims of devices use."""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.api.dra.device_class import DEVICE_CLASSES
from steersman.api.quota.claim_meters import ResourceClaims

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GPUS = {"metadata": {"name": "gpu"}, "spec": {"extendedResourceName": "example.com/gpu"}}


class Classes:
    def get(self, resource, namespace, name):
        return GPUS if resource is DEVICE_CLASSES and name == "gpu" else None

    def list(self, resource, namespace=""):
        return [GPUS] if resource is DEVICE_CLASSES else []

    def version(self, resource):
        return 1


def test_devices_count_by_class_and_as_the_resource_that_it_stands_for():
    request = {"exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2}}
    claim = {"metadata": {"name": "c", "namespace": "ns"}, "spec": {"devices": {"requests": [request]}}}
    found = {name: str(amount) for name, amount in ResourceClaims(reader=Classes()).usage(claim, NOW).items()}
    assert found == {
        "count/resourceclaims.resource.k8s.io": "1",
        "gpu.deviceclass.resource.k8s.io/devices": "2",
        "requests.deviceclass.resource.kubernetes.io/gpu": "2",
        "requests.example.com/gpu": "2",
    }


def test_of_alternatives_the_most_counts():
    both = [
        {"deviceClassName": "a", "allocationMode": "ExactCount", "count": 1},
        {"deviceClassName": "a", "allocationMode": "All"},
    ]
    claim = {"metadata": {"name": "c"}, "spec": {"devices": {"requests": [{"firstAvailable": both}]}}}
    found = ResourceClaims(reader=Classes()).usage(claim, NOW)
    assert str(found["a.deviceclass.resource.k8s.io/devices"]) == "32"
