"""Protobuf: against upstream's own bytes (`objects.json`), and against google.protobuf with the API's descriptors."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.protobuf import MAGIC, Protobuf, envelope, watch_frame

_HERE = Path(__file__).parent
_OBJECTS = json.loads((_HERE / "objects.json").read_text())
_IDS = [f"{case['object']['apiVersion']}-{case['object']['kind']}-{i}" for i, case in enumerate(_OBJECTS)]


@pytest.fixture(scope="module")
def codec() -> Protobuf:
    return Protobuf()


@pytest.fixture(scope="module")
def pool() -> Any:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.descriptor_pool import DescriptorPool

    made = DescriptorPool()
    for file in FileDescriptorSet.FromString((_HERE / "k8s_api.binpb").read_bytes()).file:
        made.Add(file)  # type: ignore[attr-defined]
    return made


def _decode(codec: Protobuf, raw: bytes, obj: dict[str, Any]) -> dict[str, Any]:
    group, _, version = obj["apiVersion"].rpartition("/")
    return codec.decode(raw, group, version, obj["kind"])


def _without_empty(value: Any) -> Any:
    """Protobuf cannot tell null and empty lists from absent ones, nor carry the kind of an embedded object."""
    if isinstance(value, dict):
        return {k: _without_empty(v) for k, v in value.items() if v is not None and v != []}
    return [_without_empty(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", _OBJECTS, ids=_IDS)
def test_bytes_are_those_of_upstream(codec: Protobuf, case: dict[str, Any]) -> None:
    assert codec.encode(case["object"]) == base64.b64decode(case["protobuf"])


@pytest.mark.parametrize("case", _OBJECTS, ids=_IDS)
def test_objects_survive_the_way_there_and_back(codec: Protobuf, case: dict[str, Any]) -> None:
    back = _decode(codec, base64.b64decode(case["protobuf"]), case["object"])
    assert _without_empty(back) == _without_empty(case["object"])


@pytest.mark.parametrize("case", _OBJECTS, ids=_IDS)
def test_google_protobuf_reads_the_same_and_knows_every_field(codec: Protobuf, pool: Any, case: dict[str, Any]) -> None:
    from google.protobuf import unknown_fields
    from google.protobuf.message_factory import GetMessageClass

    obj = case["object"]
    unknown = GetMessageClass(pool.FindMessageTypeByName("k8s.io.apimachinery.pkg.runtime.Unknown"))()
    unknown.ParseFromString(codec.encode(obj)[len(MAGIC) :])
    assert (unknown.typeMeta.apiVersion, unknown.typeMeta.kind) == (obj["apiVersion"], obj["kind"])
    group, _, version = obj["apiVersion"].rpartition("/")
    name = codec._tables.of_kind(group, version, obj["kind"]).name
    message = GetMessageClass(pool.FindMessageTypeByName(name))()
    message.ParseFromString(unknown.raw)
    assert len(unknown_fields.UnknownFieldSet(message)) == 0
    # The other encoder's bytes are read the same, though it leaves nothing to order.
    assert _decode(codec, envelope("", "", message.SerializeToString(deterministic=True)), obj) == _decode(
        codec, codec.encode(obj), obj
    )


def test_the_type_of_an_empty_envelope_comes_from_the_path(codec: Protobuf) -> None:
    body = codec.encode_item({"metadata": {"name": "a"}}, "v1", "ConfigMap")
    decoded = codec.decode(envelope("", "", body), "", "v1", "ConfigMap")
    assert decoded == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    options = codec.encode_item({"gracePeriodSeconds": 0}, "v1", "DeleteOptions")
    assert codec.decode(envelope("", "", options), "apps", "v1", "DeleteOptions")["gracePeriodSeconds"] == 0


def test_the_envelope_says_what_it_holds(codec: Protobuf) -> None:
    raw = codec.encode({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})
    assert codec.decode(raw, "", "v1", "ConfigMap")["kind"] == "Secret"
    with pytest.raises(Malformed, match='no kind "Nope" is registered for version "v1"'):
        codec.decode(envelope("v1", "Nope", b""), "", "v1", "ConfigMap")


def test_a_list_is_made_of_encoded_items(codec: Protobuf) -> None:
    items = [{"metadata": {"name": "a"}, "data": {"k": "v"}}, {"metadata": {"name": "b"}}]
    whole = codec.encode(
        {"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "7"}, "items": items}
    )
    joined = codec.encode_list(
        "v1", "ConfigMapList", {"resourceVersion": "7"}, (codec.encode_item(i, "v1", "ConfigMap") for i in items)
    )
    assert joined == whole


def test_metadata_alone_travels_as_meta_k8s_io(codec: Protobuf) -> None:
    for version in ("v1", "v1beta1"):
        listed = {
            "kind": "PartialObjectMetadataList",
            "apiVersion": f"meta.k8s.io/{version}",
            "metadata": {"resourceVersion": "7"},
            "items": [{"metadata": {"name": "a"}}],
        }
        assert _decode(codec, codec.encode(listed), listed) == listed
    assert not codec.knows("meta.k8s.io/v2", "Table")
    assert not codec.knows("example.com/v1", "Thing")


def test_a_watch_frame_is_a_length_and_an_event_around_an_envelope(codec: Protobuf) -> None:
    inner = codec.encode({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    frame = watch_frame("ADDED", inner)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    event = codec.decode(envelope("v1", "WatchEvent", frame[4:]), "", "v1", "WatchEvent")
    assert event["type"] == "ADDED"
    assert event["object"]["metadata"] == {"name": "a"}
