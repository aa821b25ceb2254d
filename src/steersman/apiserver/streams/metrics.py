"""How streams were carried, under upstream's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.lib.metrics import Registry


class StreamMetrics:
    """Counters of requests for streams by WebSocket clients."""

    def __init__(self, *, registry: Registry) -> None:
        self.routed = registry.counter(
            "apiserver_websocket_streaming_requests_total",
            "Requests for streams by who speaks WebSocket with the client: the kubelet, or this server.",
            ("subresource", "proxy_type"),
        )
        self.translated = registry.counter(
            "apiserver_stream_translator_requests_total",
            "Commands that were translated from WebSocket to SPDY, by how that ended.",
            ("code",),
        )
        self.tunnelled = registry.counter(
            "apiserver_stream_tunnel_requests_total",
            "Port forwards whose SPDY was carried in WebSocket messages, by the answer.",
            ("code",),
        )
