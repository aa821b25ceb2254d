"""The options of CONNECT requests, from their queries."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from steersman.api.errors import BadRequest
from steersman.apiserver.requestinfo import parse_request
from steersman.apiserver.subresources.connect_options import connect_options

POD = "/api/v1/namespaces/default/pods/p"


def options(path: str, query: str = "") -> Any:
    found = connect_options(parse_request("POST", path), parse_qs(query, keep_blank_values=True))
    assert found.pop("apiVersion") == "v1"
    return found


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (f"{POD}/exec", "", {"kind": "PodExecOptions", "command": None}),
        (
            f"{POD}/exec",
            "command=sh&command=-c&stdin=true&stdout=1&stderr=0&tty=False&container=a&container=b&other=1",
            {"kind": "PodExecOptions", "stdin": True, "stdout": True, "container": "a", "command": ["sh", "-c"]},
        ),
        (f"{POD}/attach", "stdin&tty=", {"kind": "PodAttachOptions", "stdin": True, "tty": True}),
        (f"{POD}/portforward", "", {"kind": "PodPortForwardOptions"}),
        (f"{POD}/portforward", "ports=80,443&ports=1", {"kind": "PodPortForwardOptions", "ports": [80, 443, 1]}),
        (f"{POD}/proxy", "path=/ignored", {"kind": "PodProxyOptions"}),
        (f"{POD}/proxy/", "", {"kind": "PodProxyOptions", "path": "/"}),
        (f"{POD}/proxy/a/b", "", {"kind": "PodProxyOptions", "path": "/a/b"}),
        (f"{POD}/proxy/a/", "", {"kind": "PodProxyOptions", "path": "/a/"}),
        ("/api/v1/namespaces/default/services/s/proxy/x", "", {"kind": "ServiceProxyOptions", "path": "/x"}),
        ("/api/v1/nodes/n/proxy/metrics", "", {"kind": "NodeProxyOptions", "path": "/metrics"}),
    ],
)
def test_the_query_becomes_an_object(path: str, query: str, expected: Any) -> None:
    assert options(path, query) == expected


@pytest.mark.parametrize(
    ("ports", "why"),
    [
        ("x", 'parsing "x": invalid syntax'),
        ("80,", 'parsing "": invalid syntax'),
        ("-1", 'parsing "-1": invalid syntax'),
        ("65536", 'parsing "65536": value out of range'),
        ("9" * 30, f'parsing "{"9" * 30}": value out of range'),
    ],
)
def test_ports_are_numbers(ports: str, why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        options(f"{POD}/portforward", f"ports={ports}")
    assert caught.value.message == f"cannot convert to []int32: strconv.ParseUint: {why}"
