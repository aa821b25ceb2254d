"""Protobuf: against upstream's own bytes (`objects.json`), and against google.protobuf with the API's descriptors."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.protobuf import MAGIC, Protobuf, envelope, watch_frame
from steersman.apiserver.codec.protobuf_read import go_duration
from steersman.apiserver.codec.protobuf_tables import varint
from steersman.apiserver.codec.protobuf_write import parse_go_duration

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


def test_every_message_of_the_api_has_a_table_that_agrees_with_its_descriptor(codec: Protobuf, pool: Any) -> None:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    count = 0
    for file in FileDescriptorSet.FromString((_HERE / "k8s_api.binpb").read_bytes()).file:
        for proto in file.message_type:
            table = codec._tables.message(f"{file.package}.{proto.name}")
            assert [f.number for f in table.fields] == sorted(f.number for f in proto.field), proto.name
            count += 1
    assert count > 700


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


def test_a_zero_of_a_pointer_stays_and_of_a_plain_field_vanishes(codec: Protobuf) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"replicas": 0, "minReadySeconds": 0, "paused": False, "progressDeadlineSeconds": 0},
    }
    spec = _decode(codec, codec.encode(deployment), deployment)["spec"]
    assert spec["replicas"] == spec["progressDeadlineSeconds"] == 0
    assert not spec.keys() & {"minReadySeconds", "paused"}


def test_unknown_fields_of_any_wire_type_are_skipped(codec: Protobuf) -> None:
    body = codec.encode_item({"data": {"a": "b"}}, "v1", "ConfigMap")
    extra = b"\xf8\x07\x01" + b"\xfa\x07\x02xx" + b"\xf9\x07" + bytes(8) + b"\xfd\x07" + bytes(4)
    assert codec.decode(envelope("v1", "ConfigMap", extra + body + extra), "", "v1", "ConfigMap")["data"] == {"a": "b"}


def test_packed_and_unpacked_numbers_are_read_alike(codec: Protobuf) -> None:
    # spec.securityContext.supplementalGroups of a pod
    for groups in (b"\x22\x02\x05\x07", b"\x20\x05\x20\x07"):
        context = b"\x72" + varint(len(groups)) + groups
        pod = codec.decode(envelope("v1", "Pod", b"\x12" + varint(len(context)) + context), "", "v1", "Pod")
        assert pod["spec"]["securityContext"]["supplementalGroups"] == [5, 7]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "empty data"),
        (MAGIC, "empty body"),
        (
            b'{"kind":"Pod"}',
            r"provided data does not appear to be a protobuf message, expected prefix \[107 56 115 0\]",
        ),
        (MAGIC + b"\x12\x7f", "unexpected EOF"),
        (MAGIC + b"\x12\x02\x0a\x05", "unexpected EOF"),
        (MAGIC + b"\x12\x01\x0b", "illegal tag"),
        (MAGIC + b"\x12\x0c\x10" + b"\xff" * 11, "integer overflow"),
        (MAGIC + b"\x12\x05\x0a\x03\x0a\x01\xff", "invalid start byte"),
    ],
)
def test_bad_bytes_are_malformed(codec: Protobuf, raw: bytes, text: str) -> None:
    with pytest.raises(Malformed, match=text):
        codec.decode(raw, "", "v1", "ConfigMap")


def test_no_cut_of_a_body_does_more_than_being_malformed(codec: Protobuf) -> None:
    raw = base64.b64decode(next(c for c in _OBJECTS if c["object"]["kind"] == "CustomResourceDefinition")["protobuf"])
    for cut in range(len(raw)):
        for changed in (raw[:cut], raw[:cut] + bytes((raw[cut] ^ 0x55,)) + raw[cut + 1 :]):
            with contextlib.suppress(Malformed):
                codec.decode(changed, "apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def test_messages_nested_without_end_are_malformed(codec: Protobuf) -> None:
    message = codec._tables.of_kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    tags = []
    for name in ("spec", "versions", "schema", "openAPIV3Schema", *["not"] * 2000):
        field = next(f for f in message.fields if f.name == name)
        tags.append(field.tag)
        message = field.message
    body = b""
    for tag in reversed(tags):
        body = tag + varint(len(body)) + body
    with pytest.raises(Malformed, match="exceeded max depth"):
        codec.decode(envelope("", "", body), "apiextensions.k8s.io", "v1", "CustomResourceDefinition")


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


@pytest.mark.parametrize(
    ("nanos", "text"),
    [(0, "0s"), (1, "1ns"), (1500, "1.5µs"), (10**6, "1ms"), (15 * 10**8, "1.5s"), (60 * 10**9, "1m0s"),
     (3661 * 10**9 + 5 * 10**8, "1h1m1.5s"), (-5 * 10**9, "-5s")],
)  # fmt: skip
def test_durations_are_written_and_read_as_go_does(nanos: int, text: str) -> None:
    assert go_duration(nanos) == text
    assert parse_go_duration(text) == nanos
