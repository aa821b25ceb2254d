from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.api.core.pod_table import COLUMNS, pod_cells

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def _cells(status=None, spec=None, **metadata):
    pod = {"metadata": metadata, "spec": {"containers": [{"name": "c"}]} | (spec or {}), "status": status or {}}
    cells = pod_cells(pod, NOW)
    assert cells == [column.value(pod, NOW) for column in COLUMNS]
    return cells


def _running(ready=True, restarts=0, **last):
    return {"name": "c", "ready": ready, "restartCount": restarts, "state": {"running": {}}, "lastState": last}


def test_a_running_pod() -> None:
    status = {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}], "containerStatuses": [_running()]}
    cells = _cells(status, {"nodeName": "n"}, creationTimestamp="2026-01-01T11:00:00Z")
    assert cells == ["1/1", "Running", "0", "60m", "10.0.0.1", "n", "<none>", "<none>"]


def test_a_pending_pod() -> None:
    assert _cells({"phase": "Pending"}) == [
        "0/1", "Pending", "0", "<unknown>", "<none>", "<none>", "<none>", "<none>",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}, "SchedulingGated"),
        ({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}, "CrashLoopBackOff"),
        ({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}, "ExitCode:3"),
        ({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}, "Signal:9"),
        ({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"running": {}}}]}, "Init:0/1"),
        ({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1}}}]}, "Init:ExitCode:1"),
    ],
)  # fmt: skip
def test_the_status_tells_the_most_telling_reason(status, shown) -> None:
    assert _cells(status, {"initContainers": [{"name": "i"}]})[1] == shown


def test_a_deleted_pod_is_terminating() -> None:
    assert _cells({"phase": "Running"}, deletionTimestamp="2026-01-01T11:00:00Z")[1] == "Terminating"
    lost = {"phase": "Running", "reason": "NodeLost"}
    assert _cells(lost, deletionTimestamp="2026-01-01T11:00:00Z")[1] == "Unknown"


def test_restarts_tell_when_the_last_one_was() -> None:
    ended = {"terminated": {"finishedAt": "2026-01-01T11:55:00Z"}}
    assert _cells({"phase": "Running", "containerStatuses": [_running(True, 2, **ended)]})[2] == "2 (5m ago)"


def test_sidecars_count_as_containers() -> None:
    sidecar = {"name": "s", "started": True, "ready": True, "restartCount": 1, "state": {"running": {}}}
    status = {"phase": "Running", "initContainerStatuses": [sidecar], "containerStatuses": [_running()]}
    cells = _cells(status, {"initContainers": [{"name": "s", "restartPolicy": "Always"}]})
    assert cells[:3] == ["2/2", "Running", "1"]


def test_readiness_gates_are_counted() -> None:
    status = {"conditions": [{"type": "a", "status": "True"}]}
    gates = [{"conditionType": "a"}, {"conditionType": "b"}]
    assert _cells(status, {"readinessGates": gates})[-1] == "1/2"
