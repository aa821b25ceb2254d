"""pods/proxy, services/proxy, nodes/proxy and pods/log: what is reached through the API server and answers HTTP.

Reads: pods, nodes, services and endpoint slices (through resolver and kubelets). Writes: nothing.
Invariants: nobody is led to this machine itself, to its link or to a group of machines: pods, endpoints and nodes have
addresses that others can reach. Nobody proves anything to the proxy of pods and services, whose certificates no
authority knows; kubelets are spoken to as always.
Upstream differences: paths keep their escapes and doubled slashes (upstream undoes and tidies them); a port that is no
number is told, upstream panics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.errors import ServiceUnavailable, go_quote
from steersman.api.meta.labels import parse_int64
from steersman.apiserver import respond
from steersman.apiserver.outbound.addresses import check_host, is_global_unicast, not_allowed
from steersman.apiserver.outbound.forwarding import Links, is_upgrade
from steersman.apiserver.outbound.reverse_proxy import Forward
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.app import Outcome
    from steersman.apiserver.call import Call
    from steersman.apiserver.outbound.kubelet import Kubelets
    from steersman.apiserver.outbound.pod_log import PodLogs
    from steersman.apiserver.outbound.resolver import ServiceResolver
    from steersman.apiserver.outbound.reverse_proxy import ReverseProxy
    from steersman.apiserver.requestinfo import RequestInfo
    from steersman.apiserver.subresources.pod_connect import NameParts
    from steersman.lib.http.message import Request

_DEFAULT_PORTS = {False: 80, True: 443}


class NodeProxy:
    """The way to servers in pods, behind services and on nodes, and to logs."""

    def __init__(
        self,
        *,
        reader: Reader,
        resolver: ServiceResolver,
        kubelets: Kubelets,
        proxy: ReverseProxy,
        logs: PodLogs,
        tls: ssl.SSLContext,
        allowed: Callable[[str], bool] = is_global_unicast,
    ) -> None:
        """`tls`: for `https:` names; takes any certificate. `allowed`: the addresses that may be connected to."""
        self._reader = reader
        self._resolver = resolver
        self._kubelets = kubelets
        self._proxy = proxy
        self._logs = logs
        self._tls = tls
        self._allowed = allowed

    def log(self, call: Call, pod: Object, container: str) -> Awaitable[Outcome]:
        """The log of a container of a pod that has a node; the options were judged. Raises ApiError."""
        return self._logs.serve(call, pod, container)

    async def proxy(self, call: Call, resource: Resource, target: Object, parts: NameParts, path: str) -> Outcome:
        """Pass the request on to `path` ("" or with a leading slash) of a pod, service or node. Raises ApiError."""
        if resource is PODS:
            backend, authority = self._pod(target, parts)
        elif resource is NODES:
            backend, authority = await self._node(target, parts)
        else:
            backend, authority = self._service(call.info.namespace, target, parts)
        request = call.request
        prefix, rest = split_path(request, call.info, path)
        if not rest and request.method in ("GET", "HEAD") and not is_upgrade(request.headers):
            # Links of a page without a slash at its end would be relative to what is above it.
            location = f"{request.raw_path}/{_query(request)}"
            return Response(301, b"", "", respond.NO_CACHE, (("Location", location),))
        links = Links(prefix=prefix, backend=authority, host=request.headers.get("host"))
        forward = Forward(
            target=backend,
            path=(rest or "/") + _query(request),
            added=(("X-Forwarded-Uri", prefix + (rest or "/")),),
            links=links,
        )
        return await self._proxy.forward(request, forward)

    def _pod(self, pod: Object, parts: NameParts) -> tuple[Target, str]:
        status = pod.get("status") or {}
        addresses = status.get("podIPs") or ()
        address = addresses[0]["ip"] if addresses else status.get("podIP", "")
        if not self._allowed(address):
            raise not_allowed()
        return self._target(address, parts.scheme, parts.port or _first_port(pod))

    def _service(self, namespace: str, service: Object, parts: NameParts) -> tuple[Target, str]:
        name, port_name = parts.name, parts.port
        number = parse_int64(parts.port)
        if number is not None:
            declared = service["spec"].get("ports") or ()
            found = next((each for each in declared if each.get("port") == number), None)
            if found is None:
                raise ServiceUnavailable(f"no service port {number} found for service {go_quote(name)}")
            port_name = found.get("name") or ""

        def is_pod(endpoint: Object) -> bool:
            return self._is_pod(namespace, endpoint)

        address, port = self._resolver.resolve(namespace, name, port_name, accepts=is_pod)
        if not self._allowed(address):
            raise not_allowed()
        return self._target(address, parts.scheme, str(port))

    def _is_pod(self, namespace: str, endpoint: Object) -> bool:
        """Endpoints may be written by users: only those that are a pod's own address are connected to."""
        ref = endpoint.get("targetRef") or {}
        if ref.get("namespace", "") != namespace:
            return False
        pod = self._reader.get(PODS, namespace, ref.get("name", ""))
        if pod is None:
            return False
        addresses = (pod.get("status") or {}).get("podIPs") or ()
        return any(each.get("ip") == endpoint["addresses"][0] for each in addresses)

    async def _node(self, node: Object, parts: NameParts) -> tuple[Target, str]:
        kubelet = self._kubelets.target(node["metadata"]["name"])
        await check_host(kubelet.host, self._allowed)
        if parts.port in ("", str(kubelet.port)):
            return kubelet, kubelet.authority
        return self._target(kubelet.host, parts.scheme, parts.port)

    def _target(self, address: str, scheme: str, port: str) -> tuple[Target, str]:
        """The target, and the host that its URL names."""
        tls = self._tls if scheme == "https" else None
        if not port:
            host = f"[{address}]" if ":" in address else address
            return Target(address, _DEFAULT_PORTS[tls is not None], tls), host
        number = parse_int64(port)
        if number is None:
            raise ServiceUnavailable(f"error trying to reach service: dial tcp: lookup tcp/{port}: unknown port")
        if not 0 < number < 65536:
            raise ServiceUnavailable(f"error trying to reach service: dial tcp: address {port}: invalid port")
        target = Target(address, number, tls)
        return target, target.authority


def split_path(request: Request, info: RequestInfo, path: str) -> tuple[str, str]:
    """The request's path up to and with `proxy`, and what follows it, both as they came; `path` is the decoded rest."""
    decoded = request.path.strip("/").split("/")
    raw = request.raw_path.lstrip("/").split("/")
    count = len(decoded) - info.parts + 3
    prefix, rest = "/".join(raw[:count]), "/".join(raw[count:])
    if unquote(prefix) != "/".join(decoded[:count]) or unquote(rest).strip("/") != path.strip("/"):
        # A slash that is written as an escape before `proxy`.
        return "/" + quote("/".join(decoded[:count])), quote(path)
    return "/" + prefix, "/" + rest if len(raw) > count else ""


def _first_port(pod: Object) -> str:
    ports = (container["ports"] for container in pod["spec"]["containers"] if container.get("ports"))
    first = next(ports, None)
    return str(first[0]["containerPort"]) if first else ""


def _query(request: Request) -> str:
    return f"?{request.query}" if request.query else ""
