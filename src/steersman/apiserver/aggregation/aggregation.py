"""The parts of API aggregation, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.apiserver.aggregation.availability import DiscoveryCheck
from steersman.apiserver.aggregation.extension_discovery import ExtensionDiscovery
from steersman.apiserver.aggregation.extension_openapi import ExtensionOpenAPI
from steersman.apiserver.aggregation.extension_proxy import ExtensionProxy
from steersman.apiserver.aggregation.extension_servers import ExtensionServers
from steersman.apiserver.aggregation.metrics import AvailabilityMetrics
from steersman.apiserver.aggregation.registrations import Registrations
from steersman.apiserver.outbound.reverse_proxy import ReverseProxy

if TYPE_CHECKING:
    from pathlib import Path

    from steersman.apiserver.outbound.resolver import ServiceResolver
    from steersman.apiserver.reader import CacheReader
    from steersman.apiserver.resources import ResourceTable
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.metrics import Registry


class Aggregation:
    """Starts nothing before `start`; what it says is right from the beginning, only short of what others say."""

    def __init__(
        self,
        *,
        resources: ResourceTable,
        reader: CacheReader,
        client: HttpClient,
        resolver: ServiceResolver,
        registry: Registry,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        """`certificate`: certificate and key of the front proxy, PEM files."""
        self.registrations = Registrations(resources=resources, reader=reader)
        self._servers = ExtensionServers(client=client, resolver=resolver, certificate=certificate)
        self.check = DiscoveryCheck(servers=self._servers)
        self.proxy = ExtensionProxy(
            registrations=self.registrations, servers=self._servers, proxy=ReverseProxy(client=client)
        )
        self.discovery = ExtensionDiscovery(registrations=self.registrations, servers=self._servers)
        self.openapi = ExtensionOpenAPI(registrations=self.registrations, servers=self._servers, proxy=self.proxy)
        AvailabilityMetrics(registry=registry, registrations=self.registrations)

    def start(self) -> None:
        """After the cache is loaded."""
        self.discovery.start()
        self.openapi.start()

    async def stop(self) -> None:
        await self.openapi.stop()
        await self.discovery.stop()

    def renewed(self) -> None:
        """The files of the front proxy's certificate were replaced."""
        self._servers.renewed()
