"""pods/log, exec, attach, portforward and proxy, services/proxy, nodes/proxy: what leads to a node, as far as the API
server decides.

    options > admission (CONNECT) > may a GET open a stream > object, container, node > what lies behind

What lies behind is reached through PodStreams and NodeProxy, which the composition root gives. Without them (no kubelet
is joined) every such request says so, in the words that clients know.
Upstream differences: without them the answer is 503 instead of a dial error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.errors import (
    BadRequest,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    ServiceUnavailable,
    forbidden,
    go_quote,
    invalid,
)
from steersman.api.meta.labels import parse_int64
from steersman.api.schema.scalars import canonical_time
from steersman.apiserver import respond
from steersman.apiserver.admission.interface import CONNECT, Review
from steersman.apiserver.authz.attributes import Attributes
from steersman.apiserver.outbound.addresses import is_global_unicast, not_allowed
from steersman.apiserver.subresources.connect_options import connect_options
from steersman.lib.http.message import Response, StreamResponse, UpgradeResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.app import Connector, Outcome
    from steersman.apiserver.authz.attributes import Authorizer
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service

_LOG_OPTIONS = "PodLogOptions"
_STREAMS = ("exec", "attach", "portforward")


class NameParts(NamedTuple):
    """A proxied name, `[scheme:]name[:port]`; what is not given is empty. The port may be a name."""

    scheme: str
    name: str
    port: str


class PodStreams(Protocol):
    """The way to processes and ports of containers."""

    def connect(self, call: Call, pod: Object, container: str, options: Object) -> Outcome | Awaitable[Outcome]:
        """Open the stream that `call.info.subresource` and `options` (PodExecOptions, ...) ask for; `pod` has a node.

        Raises ApiError.
        """


class NodeProxy(Protocol):
    """The way to what answers plain requests: logs, and servers in pods, behind services and on nodes."""

    def log(self, call: Call, pod: Object, container: str) -> Outcome | Awaitable[Outcome]:
        """The log of a container of a pod that has a node; the options were judged. Raises ApiError."""

    def proxy(
        self, call: Call, resource: Resource, target: Object, parts: NameParts, path: str
    ) -> Outcome | Awaitable[Outcome]:
        """Pass the request on to `path` ("" or with a leading slash) of a pod, service or node. Raises ApiError."""


class Unreachable:
    """No node is joined."""

    def connect(self, call: Call, pod: Object, container: str, options: Object) -> Outcome:  # noqa: ARG002 - the seam's form
        raise _unreachable(call, pod)

    def log(self, call: Call, pod: Object, container: str) -> Outcome:  # noqa: ARG002 - the seam's form
        raise _unreachable(call, pod)

    def proxy(self, call: Call, resource: Resource, target: Object, parts: NameParts, path: str) -> Outcome:  # noqa: ARG002 - the seam's form
        raise _unreachable(call, target)


class PodConnects:
    """The connectors of everything that goes through to a node."""

    def __init__(self, *, reader: Reader, authorizer: Authorizer, streams: PodStreams, proxy: NodeProxy) -> None:
        self._reader = reader
        self._authorizer = authorizer
        self._streams = streams
        self._proxy = proxy

    def connectors(self) -> dict[tuple[str, str, str], Connector]:
        return {
            ("", "pods", "log"): self._log,
            **{("", "pods", name): self._stream for name in _STREAMS},
            **{("", resource.plural, "proxy"): self._to(resource) for resource in (PODS, SERVICES, NODES)},
        }

    def _log(self, call: Call, _service: Service) -> Outcome | Awaitable[Outcome]:
        check_log_options(call.query, call.info.name)
        pod = self._find(call, PODS, call.info.name)
        container = _container(pod, (call.query.get("container") or [""])[0])
        if not pod["spec"].get("nodeName"):
            return Response(204, b"", "", respond.NO_CACHE)
        return self._proxy.log(call, pod, container)

    async def _stream(self, call: Call, service: Service) -> Outcome:
        options = await _admitted(call, service)
        self._check_may_create(call)
        pod = self._find(call, PODS, call.info.name)
        container = "" if call.info.subresource == "portforward" else _container(pod, options.get("container", ""))
        if not pod["spec"].get("nodeName"):
            raise BadRequest(f"pod {call.info.name} does not have a host assigned")
        return await _awaited(self._streams.connect(call, pod, container, options))

    def _to(self, resource: Resource) -> Connector:
        async def connect(call: Call, service: Service) -> Outcome:
            options = await _admitted(call, service)
            parts = split_name(call.info.name, resource)
            target = self._find_behind(call, resource, parts)
            path = options.get("path", "")
            return await _awaited(self._proxy.proxy(call, resource, target, parts, path))

        return connect

    def _check_may_create(self, call: Call) -> None:
        """A stream is started by GET too (WebSocket clients can do no other), but needs the same permission.

        Raises Forbidden.
        """
        info = call.info
        if info.verb == "create":
            return
        attributes = Attributes(
            call.user,
            "create",
            info.group,
            info.version,
            info.resource,
            info.subresource,
            info.namespace,
            info.name,
            info.path,
        )
        decision = self._authorizer.authorize(attributes)
        if not decision.allowed:
            raise Forbidden.of(info.group, info.resource, info.name, decision.reason)

    def _find_behind(self, call: Call, resource: Resource, parts: NameParts) -> Object:
        if resource is SERVICES and parse_int64(parts.port) is None:
            # Only a port that is a number is looked up in the service itself; else its endpoints are asked for.
            service = self._reader.get(resource, call.info.namespace, parts.name)
            if service is None:
                raise ServiceUnavailable(f"no endpoints available for service {go_quote(parts.name)}")
            return service
        target = self._find(call, resource, parts.name)
        if resource is PODS and not is_global_unicast((target.get("status") or {}).get("podIP", "")):
            raise not_allowed()
        return target

    def _find(self, call: Call, resource: Resource, name: str) -> Object:
        obj = self._reader.get(resource, call.info.namespace, name)
        if obj is None:
            raise NotFound.of(resource.group, resource.plural, name)
        return obj


async def _admitted(call: Call, service: Service) -> Object:
    """The options of the request, after admission had its say. Raises ApiError."""
    if "dryRun" in call.query:
        raise BadRequest("dryRun is not supported")
    options = connect_options(call.info, call.query)
    review = Review(
        operation=CONNECT,
        resource=call.served.resource,
        subresource=call.info.subresource,
        namespace=call.info.namespace,
        name=call.info.name,
        user=call.user,
        now=call.now,
        obj=options,
        warnings=call.warnings,
    )
    await service.chain.admit(review)
    await service.chain.validate(review)
    return options if review.obj is None else review.obj


async def _awaited(outcome: Outcome | Awaitable[Outcome]) -> Outcome:
    return outcome if isinstance(outcome, Response | StreamResponse | UpgradeResponse) else await outcome


def split_name(text: str, resource: Resource) -> NameParts:
    """`name`, `name:port` or `https:name:port`, as what is proxied to may be named. Raises BadRequest."""
    match text.split(":"):
        case [name]:
            parts = NameParts("", name, "")
        case [name, port]:
            parts = NameParts("", name, port)
        case [scheme, name, port]:
            parts = NameParts(scheme, name, port)
        case _:
            parts = NameParts("", "", "")
    if not parts.name or parts.scheme not in ("", "http", "https"):
        raise BadRequest(f"invalid {resource.singular} request {go_quote(text)}")
    return parts


def _unreachable(call: Call, target: Object) -> ServiceUnavailable:
    name = target["metadata"]["name"]
    return ServiceUnavailable(
        f"{call.served.resource.singular} {name} cannot be reached: no node agent is connected to this API server"
    )


def _container(pod: Object, asked: str) -> str:
    """The container that is meant. Raises BadRequest when it is none of the pod's, or not clear."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    kinds = ("initContainers", "containers", "ephemeralContainers")
    known = [container["name"] for kind in kinds for container in spec.get(kind) or ()]
    if asked:
        if asked not in known:
            raise BadRequest(f"container {asked} is not valid for pod {name}")
        return asked
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    raise BadRequest(f"a container name must be specified for pod {name}, choose one of: [{' '.join(known)}]")


def check_log_options(query: Mapping[str, Sequence[str]], name: str) -> None:
    """Raises Invalid, BadRequest."""
    numbers: dict[str, int] = {}
    # In this order the first that cannot be read ends it.
    for option in ("sinceSeconds", "sinceTime", "tailLines", "limitBytes"):
        if option not in query:
            continue
        text = query[option][0]
        if option == "sinceTime":
            _check_time(text)
        else:
            numbers[option] = _number(text)
    errors: list[FieldError] = []
    if numbers.get("tailLines", 0) < 0:
        errors.append(invalid("tailLines", numbers["tailLines"], "must be greater than or equal to 0"))
    if numbers.get("limitBytes", 1) < 1:
        errors.append(invalid("limitBytes", numbers["limitBytes"], "must be greater than 0"))
    if "sinceSeconds" in numbers and "sinceTime" in query:
        errors.append(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif numbers.get("sinceSeconds", 1) < 1:
        errors.append(invalid("sinceSeconds", numbers["sinceSeconds"], "must be greater than 0"))
    if "stream" in query:
        # Upstream's feature of separate streams is off by default.
        errors.append(forbidden("stream", "may not be specified"))
    if errors:
        raise Invalid.of("", _LOG_OPTIONS, name, errors)


def _number(text: str) -> int:
    number = parse_int64(text)
    if number is None:
        digits = text[1:] if text[:1] in ("+", "-") else text
        why = "value out of range" if digits.isascii() and digits.isdecimal() else "invalid syntax"
        raise BadRequest(f"strconv.ParseInt: parsing {go_quote(text)}: {why}")
    return number


def _check_time(text: str) -> None:
    try:
        if text:
            canonical_time(text)
    except ValueError as error:
        raise BadRequest(str(error)) from None
