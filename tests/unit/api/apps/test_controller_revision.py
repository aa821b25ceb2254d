from __future__ import annotations

from typing import Any

import pytest

from steersman.api.apps.controller_revision import CONTROLLER_REVISIONS

GOOD: dict[str, Any] = {"revision": 1, "data": {"a": 1}}


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({}, []),
        ({"revision": -1}, ["revision: Invalid value: -1: must be greater than or equal to 0"]),
        ({"data": None}, ["data: Required value: data is mandatory"]),
    ],
)
def test_each_rule(judge: Any, change: dict[str, Any], texts: list[str]) -> None:
    assert judge(CONTROLLER_REVISIONS).errors(GOOD | change) == texts


def test_data_stays(judge: Any) -> None:
    revisions = judge(CONTROLLER_REVISIONS)
    assert revisions.update_errors(GOOD | {"data": {"b": 1}}, revisions.created(GOOD)) == [
        'data: Invalid value: {"b":1}: field is immutable'
    ]


def test_the_controller_is_shown_with_its_kind(judge: Any) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "controller": True}
    cells = judge(CONTROLLER_REVISIONS).cells(GOOD | {"metadata": {"ownerReferences": [owner]}})
    assert (cells["Controller"], cells["Revision"]) == ("daemonset.apps/d", 1)
