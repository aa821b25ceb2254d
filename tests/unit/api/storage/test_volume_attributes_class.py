from __future__ import annotations

from typing import Any

from steersman.api.storage.volume_attributes_class import VOLUME_ATTRIBUTES_CLASSES


def test_driver_and_parameters_are_there_and_stay(judge: Any) -> None:
    classes = judge(VOLUME_ATTRIBUTES_CLASSES)
    assert classes.errors({}) == [
        "driverName: Required value",
        "parameters: Required value: must contain at least one key/value pair",
    ]
    old = classes.created({"driverName": "d", "parameters": {"iops": "1"}})
    assert classes.update_errors({"driverName": "e", "parameters": {"iops": "2"}}, old) == [
        "driverName: Forbidden: updates to driverName are forbidden.",
        "parameters: Forbidden: updates to parameters are forbidden.",
    ]
    assert classes.cells(old)["DriverName"] == "d"
