"""The lifetime of an API server: what starts after what, and what ends before what.

store > cache > bootstrap > listening > ready ... SIGTERM: not ready > watches end > drained > cache > store
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import socket
from contextlib import AsyncExitStack
from datetime import UTC
from typing import TYPE_CHECKING, Self

from steersman.api.errors import ApiError
from steersman.apiserver import respond
from steersman.apiserver.authn.service_account_issuer import TokenIssuer
from steersman.apiserver.authn.token_file import TokenFileError, read_token_file
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.outbound.kubelet import kubelet_tls
from steersman.cluster.bootstrap import Addresses, Bootstrap
from steersman.cluster.errors import StartError
from steersman.cluster.kubeconfig import write_kubeconfig
from steersman.cluster.listener import open_listener
from steersman.cluster.pki import PKI, PKIError, ensure_pki
from steersman.cluster.until_told import run_until_told
from steersman.cluster.upkeep import StoreProbe, compact
from steersman.cluster.wiring import Identity, Parts, wire
from steersman.lib import log
from steersman.lib.aio import Tasks
from steersman.lib.certificate import CertificateError
from steersman.lib.clock import SystemClock
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.store.catalog import load_driver
from steersman.store.interface import StoreError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from steersman.apiserver.authn.user import User
    from steersman.apiserver.outbound.kubelet import KubeletTls
    from steersman.client.informer import Informers
    from steersman.cluster.config import ServerConfig
    from steersman.cluster.controllers import ControllerManager
    from steersman.cluster.local_clients import LocalClients
    from steersman.cluster.scheduler import SchedulerPart
    from steersman.lib.clock import Clock
    from steersman.store.interface import Store

DRAIN_S = 1.0
LAG_INTERVAL_S = 0.1
_CLUSTER_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
_log = logging.getLogger(__name__)


def run_server(config: ServerConfig, *, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT. Raises StartError."""
    log.configure(level=config.log_level, form=log.Format(config.log_format))
    run_until_told(
        lambda failed: RunningServer(config, clock=SystemClock(), rng=random.SystemRandom(), failed=failed),
        ready=lambda running: say(f"steersman is ready: {running.url} (kubeconfig: {running.kubeconfig})"),
    )


class RunningServer:
    """An API server, entered when it is ready, left when it has drained."""

    def __init__(self, config: ServerConfig, *, clock: Clock, rng: random.Random, failed: Callable[[], None]) -> None:
        self.url = ""
        self.kubeconfig: Path = config.data_dir / "kubeconfig"
        self.failure: BaseException | None = None
        self.parts: Parts
        self._config = config
        self._clock = clock
        self._rng = rng
        self._failed = failed
        self._stack = AsyncExitStack()
        self._tasks = Tasks(on_crash=self._crashed)
        self._probe: StoreProbe | None = None
        self._synced = True
        self._started = False
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except (StoreError, ApiError) as error:
            await self._stack.aclose()
            raise StartError(f"the cluster's own objects cannot be read or written: {error}") from error
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        config = self._config
        try:
            config.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"--data-dir {config.data_dir}: {error.strerror}; choose a folder you may write"
            ) from error
        listener = open_listener(config.listen, config.port, environ=os.environ)
        self._stack.callback(listener.close)
        port: int = listener.getsockname()[1]
        host = config.advertise or _reachable(config.listen)
        store = await self._open_store()
        pki = self._pki(host)  # after the store: the folder may be another server's
        self.parts = parts = wire(
            store=store,
            clock=self._clock,
            rng=self._rng,
            identity=self._identity(pki, host, port),
            config=config,
            state=self,
            address=f"{_bracketed(host)}:{port}",
        )
        cache = parts.service.cache
        await cache.start(self._lost_feed)
        self._stack.callback(cache.stop)
        addresses = Addresses(host=host, port=port, service_cidrs=config.service_cidrs)
        await parts.start()
        self._stack.push_async_callback(parts.stop)
        await Bootstrap(service=parts.service, reader=parts.reader, addresses=addresses).run()
        await parts.settle()
        self._stack.push_async_callback(self._tasks.close)
        self._tasks.start(compact(store, config.compaction_s), name="compaction")
        self._probe = StoreProbe(store=store)
        self._tasks.start(self._probe.run(), name="store probe")
        self._tasks.start(self._renew(pki, host), name="certificates")
        self._tasks.start(self._measure_lag(parts), name="loop lag")
        self._tasks.start(parts.address_repair.run(), name="address repair")
        await self._serve(listener, pki, parts)
        self.url = f"https://{_bracketed(host)}:{port}"
        self._write_kubeconfig(pki)
        self._started = True
        informers = self._common_informers(pki, parts) if {"controllers", "scheduler"} <= {*config.parts} else None
        if "controllers" in config.parts:
            await self._start_controllers(pki, parts, informers)
        if "scheduler" in config.parts:
            await self._start_scheduler(pki, parts, informers)
        if config.hollow_nodes:
            await self._start_hollow_nodes(pki, parts, informers)
        self._tune_collector()

    def _common_informers(self, pki: PKI, parts: Parts) -> Informers:
        """For several parts: what they all read is read and kept once."""
        from steersman.client.informer import Informers  # noqa: PLC0415
        from steersman.cluster.controllers import MANAGER  # noqa: PLC0415

        clients = self._local_clients(pki, parts)
        informers = Informers(client=clients.client(MANAGER), rng=self._rng)
        self._stack.push_async_callback(clients.close)
        self._stack.push_async_callback(informers.stop)
        return informers

    async def _start_controllers(self, pki: PKI, parts: Parts, informers: Informers | None) -> None:
        from steersman.cluster.controllers import (  # noqa: PLC0415 - the API server alone needs none
            ControllerManager,
            controller_settings,
        )

        manager = ControllerManager(
            names=self._config.controllers.names,
            settings=controller_settings(pki, self._config),
            clients=self._local_clients(pki, parts),
            clock=self._clock,
            rng=self._rng,
            registry=parts.service.metrics.registry,
            on_crash=self._crashed,
            informers=informers,
        )
        await self._begin(manager)

    async def _start_scheduler(self, pki: PKI, parts: Parts, informers: Informers | None) -> None:
        from steersman.cluster.scheduler import SchedulerPart  # noqa: PLC0415 - numpy is imported only for it
        from steersman.cluster.scheduler_configuration import load_scheduler_configuration  # noqa: PLC0415

        file = self._config.scheduler_config
        part = SchedulerPart(
            clients=self._local_clients(pki, parts),
            clock=self._clock,
            rng=self._rng,
            on_crash=self._crashed,
            informers=informers,
            configuration=load_scheduler_configuration(file) if file is not None else None,
            registry=parts.service.metrics.registry,
        )
        await self._begin(part)

    async def _start_hollow_nodes(self, pki: PKI, parts: Parts, informers: Informers | None) -> None:
        from steersman.cluster.hollow import MAKER, HollowPart, load_behaviours, numbered  # noqa: PLC0415 - few have any
        from steersman.cluster.hollow_metrics import HollowMetrics  # noqa: PLC0415
        from steersman.kubelet.hollow.resource_metrics import ResourceMetrics  # noqa: PLC0415

        file = self._config.hollow_behaviours
        clients = self._local_clients(pki, parts)
        part = HollowPart(
            clients=clients,
            specs=numbered(self._config.hollow_nodes),
            clock=self._clock,
            rng=self._rng,
            on_crash=self._crashed,
            behaviours=load_behaviours(file) if file is not None else None,
            informers=informers,
        )
        self._stack.push_async_callback(part.stop)
        await part.start()
        metrics = HollowMetrics(
            metrics=ResourceMetrics(nodes=part.nodes, clock=self._clock),
            client=clients.client(MAKER, ("system:masters",)),
            front_proxy_ca=pki.certificate("front-proxy-ca"),
            clock=self._clock,
        )
        self._stack.push_async_callback(metrics.stop)
        await metrics.start()

    def _local_clients(self, pki: PKI, parts: Parts) -> LocalClients:
        from steersman.cluster.local_clients import LocalClients  # noqa: PLC0415 - the API server alone needs none

        return LocalClients(handler=parts.application.handle, issuer=pki, clock=self._clock, rng=self._rng)

    async def _begin(self, part: ControllerManager | SchedulerPart) -> None:
        """Let a part work, at once or when it is elected."""
        self._stack.push_async_callback(part.stop)
        config = self._config
        elect = config.leader_elect
        if elect or (elect is None and config.store.driver == "etcd"):
            part.elect(f"{socket.gethostname()}_{Identifiers(clock=self._clock, rng=self._rng).uid()}")
        else:
            await part.start()

    @staticmethod
    def _tune_collector() -> None:
        """What exists now stays: it is not looked at again. Requests make few cycles, so collections are rare."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 1000)

    def _write_kubeconfig(self, pki: PKI) -> None:
        try:
            write_kubeconfig(self.kubeconfig, server=self.url, ca_pem=pki.ca_pem(), client_pem=pki.pair_pem("admin"))
        except OSError as error:
            raise StartError(f"cannot write {self.kubeconfig}: {error.strerror}; make room, or it writable") from error

    # -- parts

    def _pki(self, host: str) -> PKI:
        names = dict.fromkeys(
            (host, _reachable(self._config.listen), "127.0.0.1", "localhost", *_CLUSTER_NAMES, *self._service_ips())
        )
        try:
            return ensure_pki(self._config.data_dir / "pki", names=tuple(names), now=self._clock.now())
        except PKIError as error:
            raise StartError(str(error)) from error

    def _service_ips(self) -> list[str]:
        cidrs = self._config.service_cidrs
        return [Addresses(host="", port=0, service_cidrs=(cidr,)).service_ip for cidr in cidrs]

    async def _open_store(self) -> Store:
        config = self._config
        driver = load_driver(config.store.driver)
        if config.store.driver == "sqlite":
            store: Store = driver(path=config.data_dir / "store.db", clock=self._clock)
        elif config.store.driver == "etcd":
            store = driver(endpoints=config.store.endpoints, tls=self._etcd_tls())
        else:
            store = driver(clock=self._clock)
        try:
            await store.start()
        except StoreError as error:
            raise StartError(str(error)) from error
        self._stack.push_async_callback(store.stop)
        return store

    def _etcd_tls(self) -> object | None:
        config = self._config
        if not config.store.tls:
            return None
        if config.etcd_ca is None:
            raise StartError("etcds:// needs --etcd-ca, the authority that signed the servers' certificates")
        from steersman.store.etcd_rpc import EtcdTLS  # noqa: PLC0415 - gRPC is imported only for etcd

        return EtcdTLS(ca=config.etcd_ca, cert=config.etcd_certificate, key=config.etcd_key)

    def _identity(self, pki: PKI, host: str, port: int) -> Identity:
        config = self._config
        users: dict[str, User] = {}
        if config.token_auth_file is not None:
            try:
                users = read_token_file(config.token_auth_file)
            except (TokenFileError, OSError) as error:
                raise StartError(f"--token-auth-file: {error}") from error
        issuer = TokenIssuer(
            key=pki.signing_key(),
            issuer=config.issuer,
            new_id=Identifiers(clock=self._clock, rng=self._rng).uid,
            retired_keys=pki.verification_keys(),
            jwks_uri=f"https://{_bracketed(host)}:{port}/openid/v1/jwks",
        )
        try:
            return Identity(
                issuer=issuer,
                token_users=users,
                client_ca_pem=pki.ca_pem(),
                front_proxy_ca_pem=pki.front_proxy_ca_pem(),
                front_proxy_client=(pki.certificate("front-proxy-client"), pki.key("front-proxy-client")),
                kubelets=self._kubelet_tls(pki),
                anonymous=config.anonymous,
            )
        except CertificateError as error:
            raise StartError(str(error)) from error

    def _kubelet_tls(self, pki: PKI) -> KubeletTls:
        authority = self._config.kubelet_certificate_authority
        try:
            return kubelet_tls(
                certificate=pki.certificate("kubelet-client"), key=pki.key("kubelet-client"), authority=authority
            )
        except (OSError, ValueError) as error:
            raise StartError(f"--kubelet-certificate-authority {authority}: {error}") from error

    async def _serve(self, listener: socket.socket, pki: PKI, parts: Parts) -> None:
        server = Server(
            handler=parts.application.handle,
            tls=self._context(pki),
            error=respond.transport_error,
            clock=self._clock,
        )
        self._server = server
        await server.start(sock=listener)
        self._stack.push_async_callback(self._drain, server, parts)

    @staticmethod
    def _context(pki: PKI) -> ssl.SSLContext:
        context = server_context(
            certificate=pki.certificate("apiserver"), key=pki.key("apiserver"), client_ca=pki.certificate("ca")
        )
        # Which of both CAs signed a certificate, and so what it may prove, is looked at again by authentication.
        context.load_verify_locations(pki.certificate("front-proxy-ca"))
        return context

    async def _drain(self, server: Server, parts: Parts) -> None:
        parts.service.end_watches()
        await server.drain(DRAIN_S)

    # -- while it runs

    async def _measure_lag(self, parts: Parts) -> None:
        """How long a callback waits for its turn: what every request waits at least."""
        loop, lag = asyncio.get_running_loop(), parts.service.metrics.loop_lag
        while True:
            due = loop.time() + LAG_INTERVAL_S
            await asyncio.sleep(LAG_INTERVAL_S)
            lag.observe(max(0.0, loop.time() - due))

    async def _renew(self, pki: PKI, host: str) -> None:
        while True:
            wait_s = (pki.renew_after - self._clock.now().astimezone(UTC)).total_seconds()
            await asyncio.sleep(max(60.0, min(wait_s, 86400.0)))
            if wait_s > 86400.0:
                continue
            try:
                pki = self._pki(host)
                if self._server is not None:
                    self._server.replace_tls(self._context(pki))
                self.parts.aggregation.renewed()
                self.parts.outbound.kubelets.replace_tls(self._kubelet_tls(pki))
                self._write_kubeconfig(pki)
            except (StartError, OSError) as error:
                _log.error("certificates cannot be renewed, will be tried again: %s", error)

    def _lost_feed(self, error: BaseException) -> None:
        """The store can no longer be followed from where we are: read it anew; watches end and list again."""
        _log.warning("the watch of the store ended (%s); loading again", error)
        self._synced = False
        self._tasks.start(self._reseed(), name="reseed")

    async def _reseed(self) -> None:
        while not self._synced:
            try:
                await self.parts.service.cache.reseed()
                self._synced = True
            except StoreError as error:
                _log.warning("cannot load from the store yet: %s", error)
                await asyncio.sleep(1.0)

    def _crashed(self, name: str, error: BaseException) -> None:
        _log.error("%s failed", name, exc_info=error)
        self.failure = error
        self._failed()

    def store(self) -> str | None:
        return self._probe.problem if self._probe is not None else None

    def synced(self) -> str | None:
        return None if self._synced else "the cache does not follow the store"

    def started(self) -> str | None:
        return None if self._started else "the start is not over"

    def stopping(self) -> str | None:
        stopping = self._server is not None and self._server.stopping
        return "process is shutting down" if stopping else None


def _reachable(listen: str) -> str:
    """An address for clients on this machine where the server listens on all."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)  # noqa: S104 - compared, not bound


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
