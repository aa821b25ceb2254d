"""What of a status has to be written."""

from __future__ import annotations

from steersman.kubelet.status_patch import status_patch


def ready(status, **more):
    return {"type": "Ready", "status": status, **more}


def test_equal_statuses_need_no_write():
    assert status_patch("u", {"phase": "Running", "qosClass": "x"}, {"phase": "Running"}) is None


def test_a_field_that_is_gone_is_taken_away():
    assert status_patch("u", {"reason": "Evicted"}, {})["status"] == {"reason": None}


def test_conditions_are_merged_in_the_wanted_order():
    current = {"conditions": [ready("False", reason="x"), {"type": "PodResizePending", "status": "True"}]}
    changes = status_patch("u", current, {"conditions": [{"type": "mine", "status": "True"}, ready("True")]})["status"]
    assert changes["$setElementOrder/conditions"] == [{"type": "mine"}, {"type": "Ready"}]
    assert changes["conditions"] == [ready("True", reason=None), {"$patch": "delete", "type": "PodResizePending"}]


def test_addresses_are_replaced_and_not_merged():
    changes = status_patch("u", {"podIPs": [{"ip": "a"}]}, {"podIPs": [{"ip": "b"}]})["status"]
    assert changes["podIPs"] == [{"$patch": "replace"}, {"ip": "b"}]
