from __future__ import annotations

from typing import Any

from steersman.api.apps.stateful_set import STATEFUL_SETS

CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}  # fmt: skip
GOOD: dict[str, Any] = {
    "spec": {
        "serviceName": "s",
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        "volumeClaimTemplates": [CLAIM],
    }
}


def test_defaults(judge: Any) -> None:
    spec = judge(STATEFUL_SETS).created(GOOD)["spec"]
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert (claim["kind"], claim["spec"]["volumeMode"], claim["status"]) == (
        "PersistentVolumeClaim", "Filesystem", {"phase": "Pending"},
    )  # fmt: skip


def test_on_delete_gets_no_rolling_update(judge: Any, change: Any) -> None:
    spec = judge(STATEFUL_SETS).defaulted(change(GOOD, "spec.updateStrategy", {"type": "OnDelete"}))["spec"]
    assert spec["updateStrategy"] == {"type": "OnDelete"}


def test_negative_history_is_warned_of_not_refused(judge: Any, change: Any) -> None:
    made = judge(STATEFUL_SETS).created(change(GOOD, "spec.revisionHistoryLimit", -1))
    assert STATEFUL_SETS.strategy.validate(made) == []
    (warning,) = STATEFUL_SETS.strategy.warnings(made, None)
    assert warning.startswith("spec.revisionHistoryLimit: a negative value retains all")


def test_columns(judge: Any) -> None:
    stateful_sets = judge(STATEFUL_SETS)
    cells = stateful_sets.cells(stateful_sets.created(GOOD))
    assert (cells["Ready"], cells["Containers"]) == ("0/1", "c")


def test_a_selector_that_is_gone_is_null() -> None:
    old = {"spec": {"selector": {"matchLabels": {"a": "b"}}}}
    errors = STATEFUL_SETS.strategy.validate_update({"spec": {}}, old) if STATEFUL_SETS.strategy.validate_update else []
    assert "Invalid value: null: field is immutable" in [e.body() for e in errors if e.field == "spec.selector"]
