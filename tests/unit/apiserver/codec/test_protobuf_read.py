"""Reading protobuf: what is skipped, what vanishes, what is refused."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path

import pytest

from steersman.apiserver.codec.malformed import Malformed
from steersman.apiserver.codec.protobuf import MAGIC, Protobuf, envelope
from steersman.apiserver.codec.protobuf_tables import varint


@pytest.fixture(scope="module")
def codec() -> Protobuf:
    return Protobuf()


def test_a_zero_of_a_pointer_stays_and_of_a_plain_field_vanishes(codec: Protobuf) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"replicas": 0, "minReadySeconds": 0, "paused": False, "progressDeadlineSeconds": 0},
    }
    spec = codec.decode(codec.encode(deployment), "apps", "v1", "Deployment")["spec"]
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
    objects = json.loads((Path(__file__).parent / "objects.json").read_text())
    raw = base64.b64decode(next(c for c in objects if c["object"]["kind"] == "CustomResourceDefinition")["protobuf"])
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
