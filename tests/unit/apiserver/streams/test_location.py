"""Paths and queries of kubelets."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.apiserver.streams.location import stream_location

POD: Any = {"metadata": {"namespace": "ns", "name": "p"}}


@pytest.mark.parametrize(
    ("subresource", "options", "expected"),
    [
        ("exec", {"command": None}, "/exec/ns/p/c"),
        (
            "exec",
            {"command": ["sh", "-c", "a b&c=ü"], "tty": True, "stdout": True, "stdin": True, "stderr": True},
            "/exec/ns/p/c?command=sh&command=-c&command=a+b%26c%3D%C3%BC&error=1&input=1&output=1&tty=1",
        ),
        ("attach", {"stdout": True, "stderr": False}, "/attach/ns/p/c?output=1"),
        ("portforward", {}, "/portForward/ns/p"),
        ("portforward", {"ports": [80, 443]}, "/portForward/ns/p?port=80%2C443"),
    ],
)
def test_a_kubelet_is_asked_as_upstream_asks(subresource: str, options: Any, expected: str) -> None:
    assert stream_location(subresource, POD, "c", options) == expected
