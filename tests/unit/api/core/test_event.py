"""Event (core/v1): where it lies, what the newer kind must say, how it is shown and selected."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.event import EVENTS

NEWER = {
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingComponent": "example.org/c",
    "reportingInstance": "i",
    "action": "A",
    "reason": "R",
}


def about(namespace: str = "default", **more: Any) -> dict[str, Any]:
    return {"involvedObject": {"namespace": namespace} if namespace else {}, **more}


@pytest.mark.parametrize(
    ("where", "of", "newer", "fits"),
    [
        ("a", "a", False, True),
        ("a", "b", False, False),
        ("a", "", False, False),
        ("default", "", False, True),
        ("default", "a", False, False),
        ("default", "", True, True),
        ("kube-system", "", True, True),
        ("a", "", True, False),
    ],
)
def test_an_event_lies_where_its_object_does(judge: Any, where: str, of: str, newer: bool, fits: bool) -> None:
    event = about(of, metadata={"name": "x", "namespace": where}) | (NEWER if newer else {})
    expected = f'involvedObject.namespace: Invalid value: "{of}": does not match event.namespace'
    assert judge(EVENTS).errors(event) == ([] if fits else [expected])


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        (
            {"reportingComponent": ""},
            ["reportingComponent: Required value", *["reportingComponent: Invalid value"] * 2],
        ),
        ({"reportingInstance": ""}, ["reportingInstance: Required value"]),
        ({"action": ""}, ["action: Required value"]),
        ({"reason": ""}, ["reason: Required value"]),
        ({"reason": "r" * 129}, ['reason: Invalid value: "": can have at most 128 characters']),
        ({"message": "m" * 1024}, []),
        ({"message": "m" * 1025}, ['message: Invalid value: "": can have at most 1024 characters']),
        ({"eventTime": None, "reason": "", "message": "m" * 2000}, []),
    ],
)
def test_events_of_the_newer_kind_say_who_reports_what(judge: Any, change: Any, errors: list[str]) -> None:
    found = judge(EVENTS).errors(about(**NEWER) | change)
    assert [error[: len(start)] for error, start in zip(found, errors, strict=True)] == errors


@pytest.mark.parametrize(
    ("event", "cells"),
    [
        (
            {"firstTimestamp": "2025-12-31T23:00:00Z", "lastTimestamp": "2025-12-31T23:59:00Z", "count": 5},
            {"Last Seen": "60s", "First Seen": "60m", "Count": 5},
        ),
        ({"eventTime": "2025-12-31T23:59:50.000000Z"}, {"Last Seen": "10s", "First Seen": "10s", "Count": 1}),
        (
            {
                "eventTime": "2025-12-31T23:00:00.000000Z",
                "series": {"count": 7, "lastObservedTime": "2025-12-31T23:59:59.000000Z"},
            },
            {"Last Seen": "1s", "First Seen": "60m", "Count": 7},
        ),
        ({}, {"Last Seen": "<unknown>", "First Seen": "<unknown>", "Count": 1}),
        ({"involvedObject": {"kind": "Pod", "name": "p"}}, {"Object": "pod/p"}),
        ({"involvedObject": {"kind": "Pod"}}, {"Object": "pod"}),
        ({"source": {"component": "kubelet", "host": "n1"}}, {"Source": "kubelet, n1"}),
        ({"reportingComponent": "kubelet"}, {"Source": "kubelet"}),
        ({"message": " text\n"}, {"Message": "text"}),
    ],
)
def test_a_table_shows_when_what_and_how_often(judge: Any, event: Any, cells: dict[str, Any]) -> None:
    shown = judge(EVENTS).cells({"metadata": {"name": "x"}} | event)
    assert {name: shown[name] for name in cells} == cells


def test_clients_select_by_what_it_is_about() -> None:
    event = {"involvedObject": {"kind": "Pod", "uid": "u"}, "reportingComponent": "c", "type": "Normal"}
    values = {name: getter(event) for name, getter in EVENTS.selectable}
    assert (values["involvedObject.kind"], values["involvedObject.uid"], values["involvedObject.name"]) == (
        "Pod",
        "u",
        "",
    )
    assert (values["source"], values["type"], values["reason"]) == ("c", "Normal", "")
