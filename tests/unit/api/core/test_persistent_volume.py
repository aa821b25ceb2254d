from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.persistent_volume import PERSISTENT_VOLUMES
from steersman.api.resource import Context

ZONE = {"key": "failure-domain.beta.kubernetes.io/zone", "operator": "In", "values": ["a"]}
VOLUME: dict[str, Any] = {
    "spec": {
        "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "csi": {"driver": "d", "volumeHandle": "h"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [ZONE]}]}},
        "storageClassName": "sc",
    }
}


def test_defaults(judge: Any) -> None:
    made = judge(PERSISTENT_VOLUMES).created(VOLUME)
    assert made["status"] == {"phase": "Pending", "lastPhaseTransitionTime": "2026-01-01T00:00:00Z"}
    assert (made["spec"]["persistentVolumeReclaimPolicy"], made["spec"]["volumeMode"]) == ("Retain", "Filesystem")


def test_source_mode_and_affinity_stay(judge: Any, change: Any) -> None:
    volumes = judge(PERSISTENT_VOLUMES)
    old = volumes.created(VOLUME)
    (error,) = volumes.update_errors(change(VOLUME, "spec.csi.volumeHandle", "i"), old)
    assert error.startswith(
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ "
    )
    assert volumes.update_errors(change(VOLUME, "spec.volumeMode", "Block"), old) == [
        'volumeMode: Invalid value: "Block": field is immutable'
    ]
    assert volumes.update_errors(change(VOLUME, "spec.nodeAffinity", None), old) == [
        "nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA"
    ]


def test_labels_of_nodes_may_take_their_stable_names(judge: Any, change: Any) -> None:
    volumes = judge(PERSISTENT_VOLUMES)
    stable = {"nodeSelectorTerms": [{"matchExpressions": [ZONE | {"key": "topology.kubernetes.io/zone"}]}]}
    assert volumes.update_errors(change(VOLUME, "spec.nodeAffinity.required", stable), volumes.created(VOLUME)) == []


def test_the_secret_for_expansion_may_be_added(judge: Any, change: Any) -> None:
    volumes = judge(PERSISTENT_VOLUMES)
    secret = {"name": "s", "namespace": "n"}
    changed = change(VOLUME, "spec.csi.controllerExpandSecretRef", secret)
    assert volumes.update_errors(changed, volumes.created(VOLUME)) == []
    assert volumes.update_errors(VOLUME, volumes.created(changed)) != []


def test_mount_options_as_an_annotation_are_for_some_sources_only(judge: Any) -> None:
    annotations = {"annotations": {"volume.beta.kubernetes.io/mount-options": "ro"}, "name": "x"}
    assert judge(PERSISTENT_VOLUMES).errors(VOLUME | {"metadata": annotations}) == [
        (
            "metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden: may not specify mount options for "
            "this volume type"
        )
    ]


@pytest.mark.parametrize(
    ("status", "moment"),
    [
        ({"phase": "Pending"}, "before"),
        ({"phase": "Bound"}, "2026-01-01T00:00:00Z"),
        ({"phase": "Bound", "lastPhaseTransitionTime": "before"}, "2026-01-01T00:00:00Z"),
        ({"phase": "Bound", "lastPhaseTransitionTime": "told"}, "told"),
    ],
)
def test_the_time_of_a_new_phase_is_kept(judge: Any, status: dict[str, Any], moment: str) -> None:
    view = PERSISTENT_VOLUMES.subresource("status")
    assert view is not None
    assert view.update is not None
    assert view.update.prepare is not None
    old = {"metadata": {}, "status": {"phase": "Pending", "lastPhaseTransitionTime": "before"}}
    new = {"metadata": {}, "status": dict(status)}
    view.update.prepare(new, old, Context(now=judge.now))
    assert new["status"]["lastPhaseTransitionTime"] == moment


def test_warnings() -> None:
    warnings = PERSISTENT_VOLUMES.strategy.warnings
    assert warnings is not None
    spec = VOLUME["spec"] | {"rbd": {}, "persistentVolumeReclaimPolicy": "Recycle"}
    assert [text.partition(":")[0] for text in warnings({"metadata": {}, "spec": spec}, None)] == [
        "spec.persistentVolumeReclaimPolicy",
        "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key",
        "spec.rbd",
    ]


def test_columns(judge: Any) -> None:
    volumes = judge(PERSISTENT_VOLUMES)
    cells = volumes.cells(volumes.created(VOLUME))
    del cells["Age"]
    assert cells == {
        "Capacity": "1Gi", "Access Modes": "RWO,RWX", "Reclaim Policy": "Retain", "Status": "Pending", "Claim": "",
        "StorageClass": "sc", "VolumeAttributesClass": "<unset>", "Reason": "", "VolumeMode": "Filesystem",
    }  # fmt: skip
