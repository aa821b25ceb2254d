from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from steersman.api.core.component_status import COMPONENT_STATUSES

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conditions", "cells"),
    [
        ([], ["Unknown", "", ""]),
        ([{"type": "Healthy", "status": "True", "message": "ok"}], ["Healthy", "ok", ""]),
        ([{"type": "Healthy", "status": "False", "error": "gone"}], ["Unhealthy", "", "gone"]),
        ([{"type": "Other", "status": "True"}], ["Unknown", "", ""]),
    ],
)
def test_the_table_tells_the_healthy_condition(conditions: list[Object], cells: list[str]) -> None:
    obj: Object = {"metadata": {"name": "c"}, "conditions": conditions}
    assert [column.value(obj, NOW) for column in COMPONENT_STATUSES.columns] == cells
