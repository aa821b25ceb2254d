from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.scheduler.devices.conditions import DeviceFailedError, has_conditions, is_overdue, is_ready

DEVICE = {"driver": "d", "pool": "p", "device": "a"}
RESULT = DEVICE | {"bindingConditions": ["attached"], "bindingFailureConditions": ["broken"]}


def claim(result=RESULT, *conditions, at="2026-01-01T00:00:00Z"):
    known = [{"type": kind, "status": "True", "reason": "R", "message": 'a "b"'} for kind in conditions]
    devices = [DEVICE | {"conditions": known}] if conditions else []
    allocation = {"devices": {"results": [result]}, "allocationTimestamp": at}
    return {"metadata": {"name": "c"}, "status": {"allocation": allocation, "devices": devices}}


def test_a_device_without_conditions_is_ready():
    assert is_ready(claim(DEVICE))
    assert not has_conditions(claim(DEVICE))


def test_a_device_is_ready_when_all_its_conditions_hold():
    assert has_conditions(claim())
    assert not is_ready(claim())
    assert not is_ready(claim(RESULT, "other"))
    assert is_ready(claim(RESULT, "attached", "other"))


def test_a_device_that_fails_is_told():
    with pytest.raises(DeviceFailedError) as caught:
        is_ready(claim(RESULT, "attached", "broken"))
    assert str(caught.value) == 'device binding failed: claim=c, reason=R, message="a \\"b\\""'


@pytest.mark.parametrize(("second", "overdue"), [(59, False), (61, True)])
def test_devices_are_waited_for_so_long(second, overdue):
    now = datetime(2026, 1, 1, 0, second // 60, second % 60, tzinfo=UTC)
    assert is_overdue(claim(), now=now, timeout_s=60) is overdue
    assert not is_overdue(claim(DEVICE), now=now, timeout_s=60)
