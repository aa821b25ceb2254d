from __future__ import annotations

from typing import Any

import pytest

from steersman.api.networking.ingress_validation import options_for, validate_spec

SERVICE = {"service": {"name": "s", "port": {"number": 80}}}


def route(host: str = "a.b", **path: Any) -> dict[str, Any]:
    return {
        "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": SERVICE} | path]}}]
    }


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        (route(), []),
        ({}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
        (
            {"defaultBackend": {}},
            ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
        ),
        (
            {"defaultBackend": {"service": {"name": "s", "port": {"name": "a", "number": 1}}}},
            ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
        ),
        (
            {"defaultBackend": {"resource": {"kind": "K"}}},
            ["spec.defaultBackend.resource.name: Required value"],
        ),
        (
            route("1.2.3.4"),
            ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
        ),
        (
            route(path="a//b/.."),
            [
                'spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": must be an absolute path',
                "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must not contain '//'",
                "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": cannot end with '/..'",
            ],
        ),
        (route(pathType=None), ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]),
        ({"rules": [{"http": {}}]}, ["spec.rules[0].http.paths: Required value"]),
    ],
)
def test_rules(spec: dict[str, Any], messages: list[str]) -> None:
    assert [str(error) for error in validate_spec(spec, options_for(None))] == messages


def test_what_older_rules_let_in_may_stay() -> None:
    odd = route("*.b", backend={}) | {"tls": [{"secretName": "A_B"}]}
    assert len(validate_spec(odd, options_for(None))) == 2
    assert not validate_spec(odd, options_for(odd))
