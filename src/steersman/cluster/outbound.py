"""The outgoing side of an API server, made out of its parts: one client, and what is reached through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.apiserver.outbound.hook_client import HookClient
from steersman.apiserver.outbound.kubelet import Kubelets, kubelet_tls
from steersman.apiserver.outbound.node_proxy import NodeProxy
from steersman.apiserver.outbound.pod_log import LogMetrics, PodLogs
from steersman.apiserver.outbound.resolver import ServiceResolver
from steersman.apiserver.outbound.reverse_proxy import ReverseProxy
from steersman.apiserver.streams.connector import KubeletStreams
from steersman.apiserver.streams.metrics import StreamMetrics
from steersman.lib.http.client.client import HttpClient
from steersman.lib.http.client.tls import client_context

if TYPE_CHECKING:
    import random

    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.outbound.kubelet import KubeletTls
    from steersman.cluster.config import ServerConfig
    from steersman.lib.metrics import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Whom this server asks, and how."""

    client: HttpClient
    """Whoever made this closes it, after the last request."""
    resolver: ServiceResolver
    hooks: HookClient
    kubelets: Kubelets
    proxy: NodeProxy
    streams: KubeletStreams


def outbound(
    *, reader: Reader, rng: random.Random, kubelets: KubeletTls | None, config: ServerConfig, registry: Registry
) -> Outbound:
    """`kubelets`: what they are shown, and how they are checked; None: nothing, and not at all."""
    client = HttpClient()
    resolver = ServiceResolver(reader, rng=rng)
    agents = Kubelets(
        reader=reader, tls=kubelets or kubelet_tls(), address_types=config.kubelet_preferred_address_types
    )
    proxy = NodeProxy(
        reader=reader,
        resolver=resolver,
        kubelets=agents,
        proxy=ReverseProxy(client=client),
        logs=PodLogs(client=client, kubelets=agents, metrics=LogMetrics(registry=registry)),
        tls=client_context(verify=False),
    )
    streams = KubeletStreams(reader=reader, kubelets=agents, client=client, metrics=StreamMetrics(registry=registry))
    hooks = HookClient(client=client, resolver=resolver)
    return Outbound(client=client, resolver=resolver, hooks=hooks, kubelets=agents, proxy=proxy, streams=streams)
