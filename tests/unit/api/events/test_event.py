"""Event (events.k8s.io/v1): other names for the same stored object, and stricter rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.api.core.event import EVENTS
from steersman.api.events.event import EVENTS_V1

EVENT = {
    "metadata": {"name": "x", "namespace": "default"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "example.org/c",
    "reportingInstance": "i",
    "action": "A",
    "reason": "R",
    "type": "Normal",
    "note": "n",
    "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
}


def stored(event: dict[str, Any]) -> dict[str, Any]:
    obj: dict[str, Any] = json.loads(json.dumps(event))
    assert EVENTS_V1.conversion is not None
    EVENTS_V1.conversion.to_stored(obj)
    return obj


def test_each_field_has_its_stored_name() -> None:
    obj = stored(EVENT | {"deprecatedCount": 2, "deprecatedSource": {"component": "c"}})
    assert (obj["message"], obj["involvedObject"]["name"], obj["reportingComponent"]) == ("n", "p", "example.org/c")
    assert (obj["count"], obj["source"]) == (2, {"component": "c"})
    assert not {"note", "regarding", "reportingController", "deprecatedCount", "deprecatedSource"} & set(obj)


def test_there_and_back_is_the_same_in_normal_form() -> None:
    assert EVENTS_V1.conversion is not None
    once = stored(EVENT)
    EVENTS_V1.conversion.from_stored(once)
    assert {name: once[name] for name in EVENT} == EVENT
    again = stored(once)
    EVENTS_V1.conversion.from_stored(again)
    assert again == once


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"eventTime": None}, ["eventTime: Required value"]),
        ({"type": "Odd"}, ['type: Invalid value: "": has invalid value: Odd']),
        ({"deprecatedCount": 1}, ['count: Invalid value: "": needs to be unset']),
        (
            {"deprecatedFirstTimestamp": "2026-01-01T00:00:00Z"},
            ['firstTimestamp: Invalid value: "": needs to be unset'],
        ),
        ({"deprecatedSource": {"component": "c"}}, ['source: Invalid value: "": needs to be unset']),
        ({"action": ""}, ["action: Required value"]),
        (
            {"series": {"count": 1, "lastObservedTime": None}},
            ['series.count: Invalid value: "": should be at least 2', "series.lastObservedTime: Required value"],
        ),
        ({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, []),
        ({"metadata": {"name": "X", "namespace": "default"}}, ['metadata.name: Invalid value: "X"']),
    ],
)
def test_what_is_written_here_is_of_the_newer_kind(change: Any, errors: list[str]) -> None:
    assert EVENTS_V1.strategy.validate is not None
    found = [str(error) for error in EVENTS_V1.strategy.validate(stored(EVENT | change))]
    assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"series": {"count": 3, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, []),
        ({"series": {"count": 1, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}}, ["series.count"]),
        ({"metadata": {"name": "x", "namespace": "default", "labels": {"a": "b"}}}, []),
        ({"note": "other"}, ["message"]),
        ({"reason": "other"}, ["reason", "reason"]),
        ({"reportingController": "example.org/d"}, ["reportingController"]),
        ({"regarding": {"kind": "Pod", "name": "q", "namespace": "default"}}, ["involvedObject"]),
    ],
)
def test_only_the_series_may_change(change: Any, fields: list[str]) -> None:
    assert EVENTS_V1.strategy.validate_update is not None
    found = EVENTS_V1.strategy.validate_update(stored(EVENT | change), stored(EVENT))
    assert [error.field for error in found] == fields


def test_both_versions_show_the_same_table(judge: Any) -> None:
    assert judge(EVENTS_V1).cells(EVENT) == judge(EVENTS).cells(stored(EVENT))


def test_selectors_have_the_names_of_this_version() -> None:
    names = dict(EVENTS_V1.selector_names)
    assert names["regarding.kind"] == "involvedObject.kind"
    assert names["reportingController"] == "reportingComponent"
    assert set(names.values()) <= {name for name, _ in EVENTS.selectable}
