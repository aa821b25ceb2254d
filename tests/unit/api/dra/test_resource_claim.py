from __future__ import annotations

from typing import Any

import pytest

from steersman.api.dra.resource_claim import RESOURCE_CLAIMS

REQUEST = {"name": "r", "exactly": {"deviceClassName": "c"}}


def claim(**devices: Any) -> dict[str, Any]:
    return {"spec": {"devices": {"requests": [REQUEST]} | devices}}


def test_the_specification_stays(judge: Any) -> None:
    claims = judge(RESOURCE_CLAIMS)
    old = claims.created(claim())
    assert claims.update_errors(claim(), old) == []
    assert claims.update_errors(claim(requests=[]), old) == ["spec: Invalid value: null: field is immutable"]


@pytest.mark.parametrize(
    ("obj", "state"),
    [
        ({"metadata": {}}, "pending"),
        ({"metadata": {}, "status": {"allocation": {}}}, "allocated"),
        ({"metadata": {}, "status": {"allocation": {}, "reservedFor": [{}]}}, "allocated,reserved"),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, "deleted"),
    ],
)
def test_the_state_is_a_column(judge: Any, obj: dict[str, Any], state: str) -> None:
    assert judge(RESOURCE_CLAIMS).cells(obj)["State"] == state
