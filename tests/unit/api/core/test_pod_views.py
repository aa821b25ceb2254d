from __future__ import annotations

from datetime import UTC, datetime

from steersman.api.core.pod_views import prepare_ephemeral_containers, prepare_status
from steersman.api.resource import Context

CTX = Context(now=datetime(2026, 1, 1, tzinfo=UTC))


def test_only_ephemeral_containers_change() -> None:
    old = {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    new = {"metadata": {}, "spec": {"nodeName": "m", "ephemeralContainers": [{"name": "e"}]}, "status": {}}
    prepare_ephemeral_containers(new, old, CTX)
    assert new == {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"nodeName": "n", "ephemeralContainers": [{"name": "e"}]},
        "status": {"phase": "Running"},
    }


def test_only_the_status_and_labels_change() -> None:
    old = {"metadata": {"ownerReferences": ["o"]}, "spec": {"nodeName": "n"}, "status": {"qosClass": "Guaranteed"}}
    new = {"metadata": {"labels": {"a": "b"}}, "spec": {}, "status": {"phase": "Running"}}
    prepare_status(new, old, CTX)
    assert new == {
        "metadata": {"labels": {"a": "b"}, "ownerReferences": ["o"]},
        "spec": {"nodeName": "n"},
        "status": {"phase": "Running", "qosClass": "Guaranteed"},
    }


def test_older_writers_do_not_lose_the_observed_generation() -> None:
    conditions = [{"type": "Ready", "status": "True", "observedGeneration": 3}]
    old = {"metadata": {}, "spec": {}, "status": {"observedGeneration": 4, "conditions": conditions}}
    new = {"metadata": {}, "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    prepare_status(new, old, CTX)
    assert new["status"] == {
        "observedGeneration": 4,
        "conditions": [{"type": "Ready", "status": "False", "observedGeneration": 3}],
    }
