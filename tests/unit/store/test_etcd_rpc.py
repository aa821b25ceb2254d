"""etcd's messages and errors."""

from __future__ import annotations

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from steersman.store.etcd_rpc import AheadOfRemote, CompactedRemotely, LeaseNotFound, Members
from steersman.store.interface import StoreBroken, StoreError, StoreUnavailable


@pytest.fixture
async def members():
    members = Members(endpoints=("127.0.0.1:1",), tls=None, timeout_s=0.1)
    await members.open()
    yield members
    await members.close()


async def test_messages_are_etcds(members):
    request = members.messages["RangeRequest"](key=b"/a", limit=3)
    assert request.SerializeToString() == b"\x0a\x02/a\x18\x03"


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted", CompactedRemotely),
        (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision", AheadOfRemote),
        (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found", LeaseNotFound),
        (grpc.StatusCode.UNAVAILABLE, "etcdserver: leader changed", StoreUnavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", StoreUnavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", StoreBroken),
        (grpc.StatusCode.PERMISSION_DENIED, "etcdserver: permission denied", StoreBroken),
        (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: request is too large", StoreError),
    ],
)
async def test_errors_become_the_stores_own(members, code, text, error):
    explained = members.explain(AioRpcError(code, Metadata(), Metadata(), details=text))
    assert type(explained) is error
    assert (text or code.name) in str(explained)


async def test_without_a_connection_a_call_says_who_was_asked(members):
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1"):
        await members.read("Range", members.messages["RangeRequest"](key=b"/a"))


async def test_a_member_that_failed_is_left_for_the_next():
    members = Members(endpoints=("a:1", "b:1"), tls=None, timeout_s=0.1)
    members.turn_from(0)
    assert members._chosen == 1
    members.turn_from(0)
    assert members._chosen == 1
    members.turn_from(1)
    assert members._chosen == 0
