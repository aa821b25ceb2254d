"""Answers: headers that clients read, and lists in pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.apiserver.respond import WHOLE_BYTES_MAX, warning_headers
from steersman.testing.in_process import Stream
from steersman.testing.virtual_time import settle

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"


def test_a_warning_is_quoted_and_said_once() -> None:
    assert warning_headers(['say "hi"\\', "b\n", 'say "hi"\\']) == (
        ("Warning", r'299 - "say \"hi\"\\"'),
        ("Warning", '299 - "b"'),
    )
    assert warning_headers([]) == ()


@pytest.mark.virtual_time
async def test_answers_are_not_to_be_cached(api: Any) -> None:
    for path in ("/api/v1/pods", "/api/v1/nothings", "/apis"):
        assert (await api.ask("GET", path)).header("cache-control") == ["no-cache, private"]


@pytest.mark.virtual_time
@pytest.mark.parametrize("accept", ["application/json", TABLE, "application/yaml"])
async def test_a_long_list_is_whole(api: Any, accept: str) -> None:
    """More than is written in one go, and more objects than are transformed in one."""
    big = "x" * (WHOLE_BYTES_MAX // 100)
    for number in range(150):
        await api.ask("POST", MAPS, {"metadata": {"name": f"m{number:03}"}, "data": {"big": big}})
    answer = await api.client.request("GET", MAPS, headers=[("accept", accept)])
    if isinstance(answer, Stream):
        await settle()
        assert answer.ended
        body = answer.take()
    else:
        body = answer.body
    if accept == "application/yaml":
        assert body.count(b"\n    name: m") + body.count(b"\n  - ") >= 150
        return
    document = json.loads(body)
    names = (
        [row["cells"][0] for row in document["rows"]]
        if accept == TABLE
        else [i["metadata"]["name"] for i in document["items"]]
    )
    assert names == [f"m{number:03}" for number in range(150)]


@pytest.mark.virtual_time
async def test_an_error_is_a_status_in_a_form_that_the_client_reads(api: Any) -> None:
    reply = await api.ask("GET", f"{MAPS}/none", headers={"accept": "application/yaml"})
    assert reply.status == 404
    assert reply.content_type == "application/yaml"
    assert b"reason: NotFound" in reply.body


def test_too_long_warnings_are_cut_and_the_rest_is_left_out() -> None:
    short = [f"{number}" for number in range(3)]
    assert len(warning_headers([*short, *short, ""])) == 3
    long = [f"{number:02}" + "x" * 1000 for number in range(20)]
    headers = warning_headers(long)
    assert len(headers) == 16
    assert headers[0][1] == f'299 - "{long[0][:256]}"'
