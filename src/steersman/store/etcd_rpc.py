"""How to talk to an etcd cluster: its messages, one connection per member, and whom to ask next when a member is gone.

grpc and protobuf are imported when the first connection is made, and nowhere else in the store.

Errors: every call raises one of the store's own, see `explain`. A read is tried on every member; a write on one that
is connected, and never twice, because a lost answer does not tell whether it happened.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from steersman.lib.aio import Tasks, loop_time
from steersman.store.interface import StoreBroken, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UNARY = {
    "Range": ("KV", "RangeRequest", "RangeResponse"),
    "Txn": ("KV", "TxnRequest", "TxnResponse"),
    "Compact": ("KV", "CompactionRequest", "CompactionResponse"),
    "LeaseGrant": ("Lease", "LeaseGrantRequest", "LeaseGrantResponse"),
    "LeaseTimeToLive": ("Lease", "LeaseTimeToLiveRequest", "LeaseTimeToLiveResponse"),
    "Status": ("Maintenance", "StatusRequest", "StatusResponse"),
}

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
)

_HAS_LEADER = (("hasleader", "true"),)
"""Asks a member that has lost its cluster to end a watch instead of staying silent."""


@dataclass(frozen=True, slots=True)
class EtcdTLS:
    """PEM files: the authority that signed the servers' certificates, and our own certificate and key for it."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


class LeaseNotFound(StoreError):
    """The lease that a put named has ended; nothing was written."""


class CompactedRemotely(StoreError):
    """The revision asked for is compacted; etcd does not say since when."""


class AheadOfRemote(StoreError):
    """The revision asked for is in the future."""


class NoMember(StoreUnavailable):
    """None of the members answers; nothing was sent."""


class Members:
    """The cluster's members and which one of them is asked."""

    def __init__(self, *, endpoints: tuple[str, ...], tls: EtcdTLS | None, timeout_s: float) -> None:
        if not endpoints:
            raise ValueError("an etcd store needs at least one endpoint")
        self._endpoints = endpoints
        self._tls = tls
        self._timeout_s = timeout_s
        self._channels: list[Any] = []
        self._calls: list[dict[str, Any]] = []
        self._chosen = 0
        self._grpc: Any = None
        self.messages: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return ",".join(self._endpoints)

    async def open(self) -> None:
        import grpc  # noqa: PLC0415 - heavy, and only who uses etcd needs it
        import grpc.aio  # noqa: PLC0415

        self._grpc = grpc
        self.messages = _load_messages()
        credentials = self._credentials()
        for endpoint in self._endpoints:
            if credentials is None:
                channel = grpc.aio.insecure_channel(endpoint, options=_OPTIONS)
            else:
                channel = grpc.aio.secure_channel(endpoint, credentials, options=_OPTIONS)
            self._channels.append(channel)
            self._calls.append(self._calls_of(channel))

    async def close(self) -> None:
        channels, self._channels, self._calls = self._channels, [], []
        if not channels:
            return
        for channel in channels:
            await channel.close()
        # gRPC reports the end of what was just cancelled to this loop, which may be closed next. This call's own end is
        # reported after that.
        last = self._grpc.aio.insecure_channel("127.0.0.1:0", options=_OPTIONS)
        try:
            await last.unary_unary("/nothing/Nothing")(b"", timeout=0)
        except self._grpc.aio.AioRpcError:
            await last.close()

    def _credentials(self) -> Any:
        if self._tls is None:
            return None
        try:
            paths = (self._tls.ca, self._tls.cert, self._tls.key)
            ca, cert, key = (path.read_bytes() if path is not None else None for path in paths)
        except OSError as error:
            raise StoreBroken(f"cannot read {error.filename} for etcd: {error.strerror}; check the path") from error
        return self._grpc.ssl_channel_credentials(ca, key, cert)

    def _calls_of(self, channel: Any) -> dict[str, Any]:
        return {
            name: channel.unary_unary(
                f"/etcdserverpb.{service}/{name}",
                request_serializer=self.messages[request].SerializeToString,
                response_deserializer=self.messages[response].FromString,
            )
            for name, (service, request, response) in _UNARY.items()
        }

    async def read(self, name: str, request: Any) -> Any:
        """Call something that changes nothing, on each member until one answers."""
        failure: StoreError | None = None
        give_up_at = loop_time() + self._timeout_s * len(self._endpoints)
        for _ in range(len(self._endpoints) + 1):
            if loop_time() >= give_up_at:
                break
            try:
                return await self._call(name, request)
            except NoMember:
                raise  # all of them have just been asked
            except StoreUnavailable as error:
                failure = error
        assert failure is not None
        raise failure

    async def write(self, name: str, request: Any) -> Any:
        """Call something that must not happen twice. StoreUnavailable: the outcome is unknown."""
        return await self._call(name, request)

    async def _call(self, name: str, request: Any) -> Any:
        member = await self._connected()
        try:
            return await self._calls[member][name](request, timeout=self._timeout_s)
        except self._grpc.aio.AioRpcError as error:
            failure = self.explain(error)
            if isinstance(failure, StoreUnavailable):
                self.turn_from(member)
            raise failure from error

    async def watch(self) -> tuple[int, Any]:
        """A new stream of watch requests and responses, and the number of the member that it is with."""
        member = await self._connected()
        stream = self._channels[member].stream_stream(
            "/etcdserverpb.Watch/Watch",
            request_serializer=self.messages["WatchRequest"].SerializeToString,
            response_deserializer=self.messages["WatchResponse"].FromString,
        )
        return member, stream(metadata=_HAS_LEADER)

    def turn_from(self, member: int) -> None:
        """That member did not answer: ask the next one from now on."""
        if member == self._chosen:
            self._chosen = (member + 1) % len(self._endpoints)

    async def _connected(self) -> int:
        """The chosen member's number, or another's if that one cannot be reached. Raises StoreUnavailable."""
        if not self._channels:
            raise StoreUnavailable("the store is not running")
        ready = self._grpc.ChannelConnectivity.READY
        if self._channels[self._chosen].get_state(try_to_connect=True) is ready:
            return self._chosen
        # Ask all at once, and take the first that answers for a cluster with a leader.
        racers = Tasks(on_crash=lambda _name, _error: None)
        count = len(self._channels)
        order = [(self._chosen + i) % count for i in range(count)]
        running = {racers.start(self._answers(number), name=f"etcd probe {number}") for number in order}
        try:
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if (member := task.result()) is not None:
                        self._chosen = member
                        return member
        finally:
            await racers.close()
        raise NoMember(f"no etcd member answers at {self}")

    async def _answers(self, member: int) -> int | None:
        request = self.messages["RangeRequest"](key=b"\0", count_only=True)
        try:
            await self._calls[member]["Range"](request, timeout=self._timeout_s, wait_for_ready=True)
        except self._grpc.aio.AioRpcError as error:
            return None if isinstance(self.explain(error), StoreUnavailable) else member
        return member

    def explain(self, error: Any) -> StoreError:
        """What an error of gRPC means to a user of the store."""
        code, text = error.code(), error.details() or ""
        codes = self._grpc.StatusCode
        if code is codes.OUT_OF_RANGE and "compacted" in text:
            return CompactedRemotely(text)
        if code is codes.OUT_OF_RANGE and "future" in text:
            return AheadOfRemote(text)
        if code is codes.NOT_FOUND and "lease" in text:
            return LeaseNotFound(text)
        if code in (codes.UNAVAILABLE, codes.DEADLINE_EXCEEDED, codes.CANCELLED, codes.UNKNOWN, codes.INTERNAL):
            return StoreUnavailable(f"etcd at {self}: {text or code.name}")
        if code is codes.RESOURCE_EXHAUSTED and "space exceeded" in text:
            return StoreBroken(f"etcd at {self} is full: compact and defragment it, then disarm its alarm ({text})")
        if code in (codes.UNAUTHENTICATED, codes.PERMISSION_DENIED):
            return StoreBroken(f"etcd at {self} refuses us: check the client certificate or the user's role ({text})")
        return StoreError(f"etcd at {self}: {text or code.name}")

    @property
    def call_error(self) -> type[Exception]:
        """What gRPC raises on a failed call."""
        error: type[Exception] = self._grpc.aio.AioRpcError
        return error


def _load_messages() -> Mapping[str, Any]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 - as grpc above

    data = files("steersman.store.drivers").joinpath("etcd.binpb").read_bytes()
    pending = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(data).file}
    pool = descriptor_pool.DescriptorPool()

    def add(name: str) -> None:
        file = pending.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(pending):
        add(name)
    file = pool.FindFileByName("etcd/api/etcdserverpb/rpc.proto")
    return {
        name: message_factory.GetMessageClass(descriptor) for name, descriptor in file.message_types_by_name.items()
    }
