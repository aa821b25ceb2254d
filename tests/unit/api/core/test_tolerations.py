from __future__ import annotations

import pytest

from steersman.api.core.tolerations import tolerates

TAINT = {"key": "k", "value": "v", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "k", "operator": "Equal", "value": "v"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "k", "operator": "Gt", "value": "1"}, False),
    ],
)
def test_a_toleration_is_for_what_it_names(toleration, tolerated):
    assert tolerates([toleration], TAINT) is tolerated
    assert not tolerates([], TAINT)
