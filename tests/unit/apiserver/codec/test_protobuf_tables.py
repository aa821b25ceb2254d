"""The tables agree with the descriptors of the API."""

from __future__ import annotations

from pathlib import Path

from steersman.apiserver.codec.protobuf_tables import Tables, varint


def test_every_message_of_the_api_has_a_table_that_agrees_with_its_descriptor() -> None:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    count, tables = 0, Tables()
    for file in FileDescriptorSet.FromString((Path(__file__).parent / "k8s_api.binpb").read_bytes()).file:
        for proto in file.message_type:
            table = tables.message(f"{file.package}.{proto.name}")
            assert [f.number for f in table.fields] == sorted(f.number for f in proto.field), proto.name
            count += 1
    assert count > 700


def test_kinds_are_found_by_group_and_version() -> None:
    tables = Tables()
    for group, version, kind in (
        ("", "v1", "Pod"),
        ("apps", "v1", "Deployment"),
        ("rbac.authorization.k8s.io", "v1", "Role"),
    ):
        found = tables.of_kind(group, version, kind)
        assert found is not None
        assert found.name.endswith(f".{version}.{kind}")
    assert tables.of_kind("batch", "v1", "DeleteOptions") is tables.of_kind("", "v1", "DeleteOptions")
    assert tables.of_kind("apps", "v1", "Pod") is None


def test_numbers_are_written_in_base_128() -> None:
    assert [varint(n) for n in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\x01", b"\xac\x02"]
