from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from steersman.api.resource import Context
from steersman.api.views import clear_status, status_view

CTX = Context(now=datetime(2026, 1, 1, tzinfo=UTC))


def written(**options: Any) -> dict[str, Any]:
    """What is stored when everything is changed through a status view."""
    prepare = status_view(**options).prepare
    assert prepare is not None
    old = {"metadata": {"labels": {"a": "1"}, "annotations": {"a": "1"}}, "spec": {"n": 1}, "status": {"n": 1}}
    new: dict[str, Any] = {
        "metadata": {"labels": {"a": "2"}, "annotations": {"a": "2"}, "finalizers": ["f/f"]},
        "spec": {"n": 2},
        "data": {},
        "status": {"n": 2},
    }
    prepare(new, old, CTX)
    return new


def test_a_view_changes_status_and_metadata_alone() -> None:
    assert written() == {
        "metadata": {"labels": {"a": "2"}, "annotations": {"a": "2"}, "finalizers": ["f/f"]},
        "spec": {"n": 1},
        "status": {"n": 2},
    }


def test_a_view_may_leave_metadata_alone_too() -> None:
    assert written(keep_labels=True)["metadata"] == {
        "labels": {"a": "1"},
        "annotations": {"a": "2"},
        "finalizers": ["f/f"],
    }
    assert written(keep_metadata=True)["metadata"] == {"labels": {"a": "1"}, "annotations": {"a": "1"}}


def test_metadata_that_is_kept_or_disowned_is_not_owned() -> None:
    assert status_view().reset_fields == (("spec",),)
    assert status_view(keep_metadata=True).reset_fields == (("metadata",), ("spec",))
    assert status_view(disown_metadata=True).reset_fields == (("metadata",), ("spec",))


def test_nobody_creates_an_object_with_a_status() -> None:
    obj = {"status": {"n": 1}}
    clear_status(obj, CTX)
    assert obj == {"status": {}}
