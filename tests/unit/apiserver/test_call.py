"""A call: the write that a request asks for, and in whose name."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.namespace import NAMESPACES
from steersman.api.errors import Invalid
from steersman.apiserver.authn.user import User
from steersman.apiserver.call import Call
from steersman.lib.http.message import Headers, Request

START = datetime(2026, 1, 1, tzinfo=UTC)


def request_of(query: str, agent: str) -> Request:
    headers = Headers()
    if agent:
        headers.add("user-agent", agent)
    path = "/api/v1/x"
    return Request(
        method="POST",
        path=path,
        raw_path=path,
        query=query,
        headers=headers,
        body=b"",
        peer=None,
        connection=None,  # type: ignore[arg-type]
    )


def call(resource: Any = CONFIG_MAPS, *, agent: str = "kubectl/v1.37 (linux)", **query: str) -> Call:
    info = SimpleNamespace(namespace="ns", name="from-url", subresource="")
    return Call(
        request=request_of(urlencode(query), agent),
        info=info,  # type: ignore[arg-type]
        user=User(name="alice"),
        now=START,
        served=SimpleNamespace(resource=resource),  # type: ignore[arg-type]
        subresource=None,
        representation=None,  # type: ignore[arg-type]
        protobuf=None,  # type: ignore[arg-type]
    )


def write(asked: Call, kind: str = "CreateOptions", **kwargs: Any) -> Any:
    return asked.write(asked.write_options(kind), kind, **kwargs)


@pytest.mark.parametrize(
    ("agent", "query", "manager"),
    [
        ("kubectl/v1.37 (linux)", {}, "kubectl"),
        ("curl", {}, "curl"),
        ("", {}, "unknown"),
        ("kubectl/v1.37", {"fieldManager": "me"}, "me"),
    ],
)
def test_the_manager_is_who_says_so_or_the_client(agent: str, query: dict[str, str], manager: str) -> None:
    assert write(call(agent=agent, **query)).manager == manager


@pytest.mark.parametrize(
    ("kind", "query", "recorded"),
    [
        ("CreateOptions", {}, {}),
        ("UpdateOptions", {"fieldManager": "me", "dryRun": "All"}, {"fieldManager": "me", "dryRun": ["All"]}),
        ("CreateOptions", {"fieldValidation": "Strict"}, {"fieldValidation": "Strict"}),
        ("PatchOptions", {"force": "true", "fieldManager": "me"}, {"fieldManager": "me", "force": True}),
        ("CreateOptions", {"pretty": "true"}, {}),
    ],
)
def test_admission_sees_the_options_that_were_given(kind: str, query: dict[str, str], recorded: Any) -> None:
    asked = write(call(**query), kind)
    assert asked.options == {"kind": kind, "apiVersion": "meta.k8s.io/v1"} | recorded
    assert asked.dry_run == ("dryRun" in query)


def test_what_is_written_is_what_the_url_names_unless_the_body_does() -> None:
    assert (write(call()).namespace, write(call()).name) == ("ns", "from-url")
    assert write(call(), name="from-body").name == "from-body"


def test_a_resource_of_the_cluster_has_no_namespace() -> None:
    """A namespace's own URL looks as if it were inside of it."""
    assert write(call(NAMESPACES)).namespace == ""


def test_warnings_of_the_write_are_the_calls() -> None:
    asked = call()
    write(asked).warnings.append("careful")
    assert asked.warnings == ["careful"]


def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(Invalid):
        call(dryRun="Some").write_options("CreateOptions")


def test_a_body_is_expected_to_be_of_the_resource() -> None:
    expected = call().expected()
    assert (expected.api_version, expected.kind, expected.custom) == ("v1", "ConfigMap", False)
    assert expected.type is CONFIG_MAPS.schema()
