"""pods/log: the log of a container, read from its node's kubelet, as text or over a WebSocket.

Invariants: a line leaves when the kubelet has sent it, and no faster than the client reads; when the client goes, so
does the connection to the kubelet; the log ends where the kubelet ends it, however that is.
Upstream differences: none known (pkg/registry/core/pod/rest, apiserver pkg/registry/generic/rest, wsstream).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from steersman.api.errors import InternalError
from steersman.api.schema.scalars import canonical_time
from steersman.apiserver import respond
from steersman.apiserver.options import given_bool
from steersman.apiserver.outbound.failure import Failure, answered
from steersman.apiserver.outbound.wording import go_text, go_url_error
from steersman.lib.aio import Tasks
from steersman.lib.http.client.errors import ClientError
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse
from steersman.lib.websocket.connection import WebSocket
from steersman.lib.websocket.handshake import BadHandshake, accept, asks_for_websocket, offered_protocols

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.call import Call
    from steersman.apiserver.outbound.kubelet import Kubelets
    from steersman.lib.http.client.answer import OpenResponse
    from steersman.lib.http.client.client import HttpClient
    from steersman.lib.http.message import BodyStream, RawStream
    from steersman.lib.metrics import Registry

ERROR_BYTES_MAX = 50_000
"""Of a kubelet's refusal; what is beyond is left out."""
MESSAGE_BYTES_MAX = 32 * 1024
BINARY, BASE64 = "binary.k8s.io", "base64.binary.k8s.io"
"""Sub-protocols: a message is bytes of the log, or their base64. Without one, bytes."""
_REDIRECTS = (301, 302, 303, 307, 308)
_ZERO_TIME = "0001-01-01T00:00:00Z"


class LogMetrics:
    """How kubelets' certificates are treated when logs are read, under upstream's names."""

    def __init__(self, *, registry: Registry) -> None:
        self.usage = registry.counter(
            "kube_apiserver_pod_logs_insecure_backend_total",
            "Requests for logs by whether the kubelet's certificate may be anything.",
            ("usage",),
        )
        self.tls_failures = registry.counter(
            "kube_apiserver_pod_logs_backend_tls_failure_total",
            "Requests for logs that failed because the kubelet's certificate was not accepted.",
        )


class PodLogs:
    """Reads logs."""

    def __init__(self, *, client: HttpClient, kubelets: Kubelets, metrics: LogMetrics) -> None:
        self._client = client
        self._kubelets = kubelets
        self._metrics = metrics

    async def serve(self, call: Call, pod: Object, container: str) -> Outcome:
        """The log that `call` asks for; its options were judged, and the pod has a node. Raises ApiError."""
        unchecked = given_bool(call.query, "insecureSkipTLSVerifyBackend")
        self._metrics.usage.labels("skip_tls_allowed" if unchecked else "enforce_tls").inc()
        target = self._kubelets.target(pod["spec"]["nodeName"], unchecked=unchecked)
        path = log_path(pod, container, call.query)
        try:
            answer = await self._client.open(target, "GET", path, timeout_s=None)
        except ClientError as error:
            why = go_url_error("GET", f"https://{target.authority}{path}", error)
            if "x509:" in why:
                self._metrics.tls_failures.labels().inc()
            raise Failure(why) from error
        if not 200 <= answer.status <= 206:
            raise await _refusal(answer, call.info.name)
        if asks_for_websocket(call.request.headers):
            return await _over_websocket(call, answer)
        return StreamResponse(
            200, lambda stream: _pass_on(answer, stream), "text/plain", respond.NO_CACHE, patient=True
        )


def log_path(pod: Object, container: str, query: Mapping[str, Sequence[str]]) -> str:
    """What the kubelet is asked, with the options that it knows, in the order of their names."""
    metadata, options = pod["metadata"], {}
    for name in ("follow", "previous", "timestamps"):
        if given_bool(query, name):
            options[name] = "true"
    for name in ("sinceSeconds", "tailLines", "limitBytes"):
        if name in query:
            options[name] = str(int(query[name][0]))
    if "sinceTime" in query:
        text = query["sinceTime"][0]
        options["sinceTime"] = (canonical_time(text) if text else None) or _ZERO_TIME
    asked = "&".join(f"{name}={quote_plus(options[name])}" for name in sorted(options))
    path = f"/containerLogs/{metadata['namespace']}/{metadata['name']}/{container}"
    return f"{path}?{asked}" if asked else path


async def _refusal(answer: OpenResponse, name: str) -> Exception:
    """Why there is no log."""
    location = answer.headers.get("location")
    if answer.status in _REDIRECTS and location:
        await answer.close()
        return Failure(f'Get "{location}": redirects forbidden')
    body = b""
    try:
        async for piece in answer:
            body += piece
            if len(body) >= ERROR_BYTES_MAX:
                break
    except ClientError as error:
        return InternalError.of(go_text(error))
    finally:
        await answer.close()
    text = body[:ERROR_BYTES_MAX].decode("utf-8", "replace")
    return answered(answer.status, text, resource="pods/log", name=name)


async def _pass_on(answer: OpenResponse, stream: BodyStream) -> None:
    try:
        async for piece in answer:
            stream.write(piece)
            if stream.paused:
                await stream.drain()
    except ClientError:
        # A node that went away ends its pods' logs; what there was of them has arrived.
        return
    finally:
        await answer.close()


async def _over_websocket(call: Call, answer: OpenResponse) -> Outcome:
    offered = offered_protocols(call.request.headers)
    chosen = next((protocol for protocol in offered if protocol in (BINARY, BASE64)), "")
    if offered and not chosen:
        await answer.close()
        return Response(403, b"", "", respond.NO_CACHE)
    try:
        headers = accept(call.request, protocol=chosen)
    except BadHandshake as error:
        await answer.close()
        return Response(error.status, error.message.encode(), respond.TEXT, respond.NO_CACHE, error.headers)

    async def run(stream: RawStream) -> None:
        await _messages(answer, WebSocket(wire=stream), encoded=chosen == BASE64)

    # The server adds Connection itself.
    return UpgradeResponse(run, unique_headers=tuple(pair for pair in headers if pair[0] != "Connection"))


async def _messages(answer: OpenResponse, socket: WebSocket, *, encoded: bool) -> None:
    """The log as messages, after an empty one that says it begins. What the client says has no meaning."""

    async def until_closed() -> None:
        while await socket.receive() is not None:
            pass
        await answer.close()

    def send(data: bytes) -> None:
        socket.send(base64.b64encode(data) if encoded else data, text=encoded)

    tasks = Tasks()
    tasks.start(until_closed(), name="log reader")
    try:
        send(b"")
        async for piece in answer:
            for start in range(0, len(piece), MESSAGE_BYTES_MAX):
                send(piece[start : start + MESSAGE_BYTES_MAX])
            await socket.drain()
    except (ClientError, ConnectionResetError):
        return
    finally:
        await tasks.close()
        await answer.close()
        socket.close()
