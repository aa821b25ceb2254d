"""The etcd driver against what clusters do: members die, links break, certificates are asked for, leases are revoked."""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from steersman.store.drivers.etcd import EtcdStore
from steersman.store.etcd_rpc import EtcdTLS
from steersman.store.interface import Put, StoreBroken, StoreUnavailable
from steersman.testing.etcd_server import EtcdServer, ServerTLS, etcd_binary

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="etcd is not installed (Debian's etcd-server)")

NOBODY = "127.0.0.1:1"
WAIT_S = 15


@pytest.fixture
def server(tmp_path):
    with EtcdServer(tmp_path / "etcd") as server:
        yield server


class Seen:
    def __init__(self):
        self.events = []
        self.revision = 0
        self._news = asyncio.Event()

    def __call__(self, batch):
        self.events += batch.events
        self.revision = batch.revision
        self._news.set()

    async def until_revision(self, revision):
        async with asyncio.timeout(WAIT_S):
            while self.revision < revision:
                self._news.clear()
                await self._news.wait()


async def started(*endpoints, **options):
    store = EtcdStore(endpoints=endpoints, **options)
    await store.start()
    return store


async def test_a_dead_member_is_passed_over(server):
    store = await started(NOBODY, server.endpoint)
    revision = await store.commit((), (Put("/a", b"1"),))
    assert (await store.get("/a")).mod_revision == revision
    await store.stop()


async def test_without_any_member_the_start_says_so():
    store = EtcdStore(endpoints=(NOBODY,), timeout_s=0.3)
    with pytest.raises(StoreBroken, match=NOBODY):
        await store.start()


async def test_a_watch_goes_on_where_it_was_after_the_server_was_away(server):
    store = await started(server.endpoint, timeout_s=1)
    seen = Seen()
    await store.watch("", await store.revision() + 1, seen)
    await seen.until_revision(await store.commit((), (Put("/a", b"0"),)))
    await asyncio.to_thread(server.stop)
    with pytest.raises(StoreUnavailable):
        await store.commit((), (Put("/lost", b""),))
    with pytest.raises(StoreUnavailable):
        await store.get("/a")
    await asyncio.to_thread(server.start)
    other = await started(server.endpoint)
    for i in range(1, 20):
        last = await other.commit((), (Put("/a", b"%d" % i),))
    await seen.until_revision(last)
    assert [event.record.value for event in seen.events if event.key == "/a"] == [b"%d" % i for i in range(20)]
    assert (await store.get("/a")).value == b"19"
    await store.stop()
    await other.stop()


async def test_a_watch_that_finds_no_member_ends(server):
    store = await started(server.endpoint, timeout_s=0.2, watch_give_up_s=0.5)
    watch = await store.watch("", await store.revision() + 1, lambda _: None)
    await asyncio.to_thread(server.stop)
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(StoreUnavailable):
            await watch.closed
    await store.stop()


async def test_two_api_servers_see_each_others_writes_in_one_order(server):
    one, two = await started(server.endpoint), await started(server.endpoint)
    first, second = Seen(), Seen()
    start = await one.revision() + 1
    await one.watch("", start, first)
    await two.watch("", start, second)
    await asyncio.gather(*(store.commit((), (Put(f"/{i}", b""),)) for i in range(25) for store in (one, two)))
    last = await two.revision()
    assert last == start + 49
    await first.until_revision(last)
    await second.until_revision(last)
    assert first.events == second.events
    await one.stop()
    await two.stop()


async def test_stores_under_different_prefixes_do_not_see_each_other(server):
    one, two = await started(server.endpoint, prefix="/one"), await started(server.endpoint, prefix="/two")
    seen = Seen()
    await one.watch("", await one.revision() + 1, seen)
    await two.commit((), (Put("/registry/a", b"2"),))
    last = await one.commit((), (Put("/registry/a", b"1"),))
    await seen.until_revision(last)
    assert [(event.key, event.record.value) for event in seen.events] == [("/registry/a", b"1")]
    assert [record.value for record in (await two.list("/registry/")).records] == [b"2"]
    await one.stop()
    await two.stop()


async def test_a_quiet_narrow_watch_is_told_its_progress_on_request(server):
    store = await started(server.endpoint, progress_requests=True)
    seen = Seen()
    await store.watch("/pods/", await store.revision() + 1, seen)
    last = await store.commit((), (Put("/nodes/a", b""),))
    assert await store.revision() == last
    await seen.until_revision(last)
    assert seen.events == []
    await store.stop()


async def test_keys_with_the_same_time_to_live_share_a_lease(server):
    store = await started(server.endpoint)
    await asyncio.gather(*(store.commit((), (Put(f"/{i}", b"", ttl_s=3600),)) for i in range(10)))
    request = store._new("RangeRequest", key=b"/", range_end=b"0")
    found = await store._members.read("Range", request)
    assert len(found.kvs) == 10
    assert len({kv.lease for kv in found.kvs}) == 1
    await store.stop()


async def test_a_lease_that_ended_early_is_replaced(server):
    store = await started(server.endpoint)
    await store.commit((), (Put("/a", b"", ttl_s=3600),))
    store._leases._open[3600] = (12345, float("inf"), 1)
    revision = await store.commit((), (Put("/b", b"", ttl_s=3600),))
    assert (await store.get("/b")).mod_revision == revision
    await store.stop()


async def test_transactions_larger_than_a_fragment_arrive_whole(server):
    store = await started(server.endpoint)
    batches = []
    seen = Seen()

    def deliver(batch):
        batches.append(batch)
        seen(batch)

    start = await store.revision() + 1
    for i in range(6):
        last = await store.commit((), tuple(Put(f"/{i}/{j}", bytes(100_000)) for j in range(14)))
    await store.watch("", start, deliver)
    await seen.until_revision(last)
    for batch in batches:
        revisions = [event.revision for event in batch.events]
        assert all(revisions.count(revision) == 14 for revision in revisions)
    assert len(seen.events) == 84
    await store.stop()


def make_certificate(folder, name, *, issuer=None, client=False):
    """PEM files of a new key pair, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer_name, signer_key = issuer or (subject, key)
    usage = x509.ExtendedKeyUsageOID.CLIENT_AUTH if client else x509.ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=20_000))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(signer_key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return subject, key


async def test_tls_with_a_client_certificate(tmp_path):
    ca = make_certificate(tmp_path, "ca")
    make_certificate(tmp_path, "server", issuer=ca)
    make_certificate(tmp_path, "client", issuer=ca, client=True)
    files = ServerTLS(cert=tmp_path / "server.crt", key=tmp_path / "server.key", client_ca=tmp_path / "ca.crt")
    with EtcdServer(tmp_path / "etcd", tls=files) as server:
        tls = EtcdTLS(ca=tmp_path / "ca.crt", cert=tmp_path / "client.crt", key=tmp_path / "client.key")
        store = await started(server.endpoint, tls=tls)
        revision = await store.commit((), (Put("/a", b"1"),))
        assert (await store.get("/a")).mod_revision == revision
        await store.stop()
        for unwelcome in (None, EtcdTLS(ca=tmp_path / "ca.crt")):
            with pytest.raises(StoreBroken):
                await EtcdStore(endpoints=(server.endpoint,), tls=unwelcome, timeout_s=0.5).start()


async def test_a_missing_certificate_file_is_named(tmp_path):
    store = EtcdStore(endpoints=(NOBODY,), tls=EtcdTLS(ca=tmp_path / "missing.crt"))
    with pytest.raises(StoreBroken, match=r"missing\.crt"):
        await store.start()


async def test_many_who_ask_for_progress_at_once_do_not_break_the_watch(server, caplog):
    caplog.set_level("INFO", logger="steersman.store")
    store, seen = await started(server.endpoint), Seen()
    watch = await store.watch("", 1, seen)
    for number in range(20):
        asked = [watch.request_progress() for _ in range(50)]
        await asyncio.gather(store.commit((), (Put(f"/{number}", b"1"),)), *asked)
    await seen.until_revision(await store.revision())  # not its events: old servers promise what they have not sent
    assert not [record for record in caplog.records if "interrupted" in record.message]
    watch.close()
    await store.stop()
