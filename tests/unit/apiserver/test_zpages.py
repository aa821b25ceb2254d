from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api


@pytest.mark.parametrize(("path", "line"), [("/statusz", "Binary version: 1.37"), ("/flagz", "anonymous=true")])
@pytest.mark.parametrize("accept", ["", "*/*", "text/plain"])
async def test_people_get_text(api: Api, path: str, line: str, accept: str) -> None:
    reply = await api.ask("GET", path, headers={"accept": accept})
    assert (reply.status, reply.content_type) == (200, "text/plain; charset=utf-8")
    assert line in reply.body.decode().splitlines()


@pytest.mark.parametrize(("kind", "field"), [("Statusz", "uptimeSeconds"), ("Flagz", "flags")])
async def test_programs_name_the_kind(api: Api, kind: str, field: str) -> None:
    accept = f"application/json;g=config.k8s.io;v=v1beta1;as={kind}"
    reply = await api.ask("GET", f"/{kind.lower()}", headers={"accept": accept})
    body = reply.json()
    assert (body["kind"], body["apiVersion"]) == (kind, "config.k8s.io/v1beta1")
    assert field in body
    assert not reply.header("warning")


async def test_the_older_version_is_deprecated(api: Api) -> None:
    reply = await api.ask("GET", "/flagz", headers={"accept": "application/yaml;g=config.k8s.io;v=v1alpha1;as=Flagz"})
    assert reply.content_type == "application/yaml"
    assert "deprecated" in reply.header("warning")[0]


@pytest.mark.parametrize("accept", ["application/json", "application/json;g=config.k8s.io;v=v9;as=Flagz", "image/png"])
async def test_other_forms_do_not_exist(api: Api, accept: str) -> None:
    assert (await api.ask("GET", "/flagz", headers={"accept": accept})).status == 406


async def test_status_lists_the_pages(api: Api) -> None:
    accept = "application/json;g=config.k8s.io;v=v1beta1;as=Statusz"
    paths = (await api.ask("GET", "/statusz", headers={"accept": accept})).json()["paths"]
    assert {"/healthz", "/metrics", "/version"} <= set(paths)
    assert not {"/api", "/apis", "/openapi"} & set(paths)
