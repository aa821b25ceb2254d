"""The way to processes and ports of containers: which of proxy, translator and tunnel a request takes.

Reads: nodes (what their kubelets understand).
Upstream differences: none known (pkg/registry/core/pod/rest/subresources.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.api.core.node import NODES
from steersman.api.errors import BadRequest, NotFound
from steersman.apiserver import respond
from steersman.apiserver.outbound.reverse_proxy import Forward, ReverseProxy
from steersman.apiserver.streams.channels import V5
from steersman.apiserver.streams.location import stream_location
from steersman.apiserver.streams.translator import Translator
from steersman.apiserver.streams.tunnel import tunnel, tunnelled
from steersman.lib.http.message import Response, UpgradeResponse
from steersman.lib.websocket.handshake import (
    BadHandshake,
    accept,
    asks_for_upgrade,
    asks_for_websocket,
    offered_protocols,
)

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.call import Call
    from steersman.apiserver.streams.metrics import StreamMetrics
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.client.message import Target
    from steersman.lib.http.message import Request

SPEAKS_WEBSOCKETS = "ExtendWebSocketsToKubelet"
"""What a node declares whose kubelet serves WebSocket clients itself."""


class Targets(Protocol):
    """Where kubelets listen."""

    def target(self, node_name: str) -> Target:
        """Raises ApiError."""


class KubeletStreams:
    """See subresources.pod_connect.PodStreams."""

    def __init__(
        self,
        *,
        reader: Reader,
        kubelets: Targets,
        client: HttpClient,
        metrics: StreamMetrics,
        answer_s: float = 120.0,
    ) -> None:
        """`answer_s`: how long a kubelet may take to open what is not merely passed on."""
        self._reader = reader
        self._kubelets = kubelets
        self._client = client
        self._proxy = ReverseProxy(client=client)
        self._metrics = metrics
        self._answer_s = answer_s

    async def connect(self, call: Call, pod: Object, container: str, options: Object) -> Outcome:
        """See PodStreams. Raises BadRequest for what is no upgrade, NotFound (node), Failure."""
        request, subresource = call.request, call.info.subresource
        node_name = pod["spec"]["nodeName"]
        try:
            target = self._kubelets.target(node_name)
        except NotFound:
            # Upstream looks the node up in the name of the request, and says so.
            raise NotFound.of(call.info.group, call.info.resource, node_name) from None
        path = stream_location(subresource, pod, container, options)
        at_kubelet = self._speaks_websockets(node_name)
        kind = "proxied_to_kubelet" if at_kubelet else "translated_at_apiserver"
        self._metrics.routed.labels(subresource, kind).inc()
        if asks_for_websocket(request.headers) and not at_kubelet:
            offers = offered_protocols(request.headers)
            if subresource == "portforward" and tunnelled(offers):
                return await self._tunnelled(request, target, path)
            if subresource != "portforward" and V5 in offers:
                return self._translated(request, target, path, options)
        if not asks_for_upgrade(request.headers):
            raise BadRequest("Upgrade request required")
        return await self._proxy.forward(request, Forward(target=target, path=path))

    async def _tunnelled(self, request: Request, target: Target, path: str) -> Outcome:
        code = 500
        try:
            outcome = await tunnel(self._client, target, path, request, answer_s=self._answer_s)
            code = outcome.status
        finally:
            self._metrics.tunnelled.labels(str(code)).inc()
        return outcome

    def _translated(self, request: Request, target: Target, path: str, options: Object) -> Outcome:
        try:
            headers = accept(request, protocol=V5)
        except BadHandshake as error:
            self._metrics.translated.labels("400").inc()
            return Response(error.status, error.message.encode(), respond.TEXT, error.headers)
        translator = Translator(
            client=self._client,
            target=target,
            path=path,
            options=options,
            answer_s=self._answer_s,
            count=lambda code: self._metrics.translated.labels(str(code)).inc(),
        )
        return UpgradeResponse(translator.run, headers=headers[:2], unique_headers=headers[2:])

    def _speaks_websockets(self, node_name: str) -> bool:
        node = self._reader.get(NODES, "", node_name)
        return node is not None and SPEAKS_WEBSOCKETS in ((node.get("status") or {}).get("declaredFeatures") or ())
