from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apps.stateful_set import STATEFUL_SETS

CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}  # fmt: skip
MOUNT = {"name": "data", "mountPath": "/d"}
GOOD: dict[str, Any] = {
    "spec": {
        "serviceName": "s",
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "i", "volumeMounts": [MOUNT]}]},
        },
        "volumeClaimTemplates": [CLAIM],
    }
}


def test_claims_are_volumes_of_the_template(judge: Any, change: Any) -> None:
    assert judge(STATEFUL_SETS).errors(GOOD) == []
    assert judge(STATEFUL_SETS).errors(change(GOOD, "spec.volumeClaimTemplates", [])) == [
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'
    ]


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("spec.podManagementPolicy", "Any", 'spec.podManagementPolicy: Invalid value: "Any": must be \'OrderedReady\' or \'Parallel\''),
        ("spec.serviceName", "A", 'spec.serviceName: Invalid value: "A": a lowercase RFC 1123 label must consist of'),
        ("spec.ordinals", {"start": -1}, "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0"),
        ("spec.updateStrategy", {"type": "Slow"}, 'spec.updateStrategy: Invalid value: {"Type":"Slow","RollingUpdate":null}: must be'),
        ("spec.updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}}, "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0"),
        ("spec.persistentVolumeClaimRetentionPolicy", {"whenScaled": "Keep"}, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep"'),
        ("spec.template.spec.restartPolicy", "Never", 'spec.template.spec.restartPolicy: Unsupported value: "Never"'),
    ],
)  # fmt: skip
def test_each_rule(judge: Any, change: Any, path: str, value: Any, text: str) -> None:
    (found,) = judge(STATEFUL_SETS).errors(change(GOOD, path, value))
    assert found.startswith(text)


def test_who_a_pod_is_and_what_it_keeps_never_changes(judge: Any, change: Any) -> None:
    stateful_sets = judge(STATEFUL_SETS)
    new = change(change(GOOD, "spec.serviceName", "other"), "spec.podManagementPolicy", "Parallel")
    assert stateful_sets.update_errors(new, stateful_sets.created(GOOD)) == [
        'spec.serviceName: Invalid value: "other": field is immutable',
        'spec.podManagementPolicy: Invalid value: "Parallel": field is immutable',
    ]
    (error,) = stateful_sets.update_errors(
        change(GOOD, "spec.volumeClaimTemplates", [CLAIM | {"metadata": {"name": "data", "labels": {"x": "y"}}}]),
        stateful_sets.created(GOOD),
    )
    assert error.startswith('spec.volumeClaimTemplates: Invalid value: [{"name":"data","labels":{"x":"y"},"Spec":{')


def test_an_old_template_that_would_be_refused_today_does_not_block(judge: Any, change: Any) -> None:
    stateful_sets = judge(STATEFUL_SETS)
    bad = change(GOOD, "spec.template.spec.dnsPolicy", "Guess")
    assert stateful_sets.errors(bad) != []
    assert stateful_sets.update_errors(change(bad, "spec.replicas", 3), stateful_sets.created(bad)) == []


def test_the_status_adds_up(judge: Any) -> None:
    status = {"status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 2}}
    assert judge(STATEFUL_SETS).status_errors(status, {}) == [
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
    ]
