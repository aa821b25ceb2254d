from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from steersman.api.apps.deployment import DEPLOYMENTS
from steersman.api.catalog import BUILTIN
from steersman.api.core.config_map import CONFIG_MAPS
from steersman.apiserver.openapi import documents
from steersman.apiserver.openapi.documents import (
    Chapter,
    chapters,
    facts_of,
    info_of,
    parts_v2,
    parts_v3,
    pieces_v2,
    pieces_v3,
)
from steersman.apiserver.openapi.merge import below

from .widgets import widgets

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource

DECLARED: Object = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}},
}


def _chapters(*resources: Resource) -> dict[str, Chapter]:
    return {chapter.path: chapter for chapter in chapters((r, facts_of(r)) for r in resources)}


def _nothing(_name: str, _schema: Object) -> None:
    return


def _v3(chapter: Chapter) -> Object:
    document: Object = orjson.loads(b"".join(pieces_v3(info_of(chapter), parts_v3(chapter, _nothing))))
    return document


def test_each_group_and_version_is_a_chapter() -> None:
    found = _chapters(CONFIG_MAPS, DEPLOYMENTS, widgets(DECLARED))
    assert {"api", "api/v1", "apis", "apis/apps", "apis/apps/v1", "version"} <= found.keys()
    assert "apis/example.com/v1" in found
    assert "apis/example.com" not in found


def test_schemas_are_those_that_are_needed() -> None:
    document = _v3(_chapters(CONFIG_MAPS)["api/v1"])
    schemas = document["components"]["schemas"]
    assert "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" in schemas
    assert "io.k8s.api.core.v1.Pod" not in schemas
    assert document["components"]["securitySchemes"]["BearerToken"]["in"] == "header"


def test_no_reference_leads_nowhere() -> None:
    for chapter in _chapters(*BUILTIN, widgets(DECLARED)).values():
        text = b"".join(pieces_v3(info_of(chapter), parts_v3(chapter, _nothing)))
        schemas = orjson.loads(text)["components"].get("schemas", {})
        wanted = {part.partition(b'"')[0].decode() for part in text.split(b'"#/components/schemas/')[1:]}
        assert wanted == set(schemas), chapter.path


def test_custom_chapters_have_their_own_title() -> None:
    document = _v3(_chapters(widgets(DECLARED))["apis/example.com/v1"])
    assert document["info"] == {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"}
    assert document["components"].keys() == {"schemas"}
    assert document["components"]["schemas"]["com.example.v1.Widget"]["properties"]["spec"]["type"] == "object"


def test_version_2_is_one_document_with_everything() -> None:
    every = tuple(_chapters(CONFIG_MAPS, widgets(DECLARED)).values())
    document = orjson.loads(b"".join(pieces_v2(parts_v2(every, _nothing))))
    assert document.keys() == {
        "swagger",
        "info",
        "paths",
        "definitions",
        "parameters",
        "securityDefinitions",
        "security",
    }
    assert {"io.k8s.api.core.v1.ConfigMap", "com.example.v1.WidgetList"} <= document["definitions"].keys()
    assert "/version/" in document["paths"]
    sections = [section for section, _, _ in parts_v2(every, _nothing)]
    assert sorted(sections, key=["paths", "definitions", "parameters"].index) == sections


def test_documents_of_other_servers_become_a_part_of_version_2() -> None:
    theirs = "com.example.v1.Flunder"
    shared = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference"
    every = tuple(_chapters(CONFIG_MAPS).values())
    ours = orjson.loads(b"".join(pieces_v2(parts_v2(every, _nothing))))["definitions"][shared]
    kind = {"group": "example.com", "version": "v1", "kind": "Flunder"}
    document = {
        "paths": {"/apis/example.com/v1/flunders": {"get": {"schema": {"$ref": f"#/definitions/{theirs}"}}}},
        "definitions": {
            theirs: {"properties": {"owner": {"$ref": f"#/definitions/{shared}"}}},
            shared: ours | {"x-kubernetes-group-version-kind": [kind]},
        },
    }
    merged = orjson.loads(b"".join(pieces_v2(parts_v2(every, _nothing, (below(document, "/apis/example.com/v1/"),)))))
    assert "/apis/example.com/v1/flunders" in merged["paths"]
    assert "/api/v1/namespaces/{namespace}/configmaps" in merged["paths"]
    assert merged["definitions"][theirs] == document["definitions"][theirs]
    assert merged["definitions"][shared] == ours | {"x-kubernetes-group-version-kind": [kind]}
    assert f"{shared}_v2" not in merged["definitions"]


def test_the_fingerprint_follows_what_the_document_is_made_of() -> None:
    def fingerprint(resource: Resource, source: str = "") -> str:
        return _chapters(resource)["apis/example.com/v1"].fingerprint(source)

    first = fingerprint(widgets(DECLARED))
    assert first == fingerprint(widgets(dict(DECLARED)))
    assert first == first.upper()
    others = [
        fingerprint(widgets(DECLARED), "prose"),
        fingerprint(widgets(None)),
        fingerprint(widgets(DECLARED, selectable=("spec.n",))),
    ]
    assert len({first, *others}) == 4


def test_a_changed_look_of_documents_has_a_new_format_number() -> None:
    """Clients keep documents by their hash for good: when this fails, raise FORMAT and put the new digest here."""
    looks = hashlib.sha256()
    for chapter in _chapters(widgets(DECLARED, selectable=("spec.n",)), CONFIG_MAPS).values():
        for piece in pieces_v3(info_of(chapter), parts_v3(chapter, _nothing)):
            looks.update(piece)
    assert (documents.FORMAT, looks.hexdigest()[:16]) == (1, "2b8f671ea82ad5c3")
