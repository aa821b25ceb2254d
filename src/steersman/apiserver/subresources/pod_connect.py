"""pods/log, exec, attach, portforward and proxy, services/proxy, nodes/proxy: what leads to a node, as far as the API
server decides.

Options are judged and the object is looked up here; what lies behind is reached through a NodeConnector, which the
composition root gives. Without one (no kubelet is joined) every such request says so, in the words that clients know.
Upstream differences: without a connector the answer is 503 instead of a dial error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.errors import (
    BadRequest,
    FieldError,
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
from steersman.lib.http.message import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from steersman.api.meta.types import Object
    from steersman.api.resource import Resource
    from steersman.apiserver.admission.interface import Reader
    from steersman.apiserver.app import Connector, Outcome
    from steersman.apiserver.call import Call
    from steersman.apiserver.service import Service

_LOG_OPTIONS = "PodLogOptions"


class NodeConnector(Protocol):
    """The way to what runs on nodes."""

    def connect(self, call: Call, target: Object, container: str) -> Outcome:
        """Answer the request from where `target` (a pod, service or node) is. Raises ServiceUnavailable."""


class Unreachable:
    """No node is joined."""

    def connect(self, call: Call, target: Object, container: str) -> Outcome:  # noqa: ARG002 - the seam's form
        name = target["metadata"]["name"]
        raise ServiceUnavailable(
            f"{call.served.resource.singular} {name} cannot be reached: no node agent is connected to this API server"
        )


class PodConnects:
    """The connectors of everything that goes through to a node."""

    def __init__(self, *, reader: Reader, nodes: NodeConnector) -> None:
        self._reader = reader
        self._nodes = nodes

    def connectors(self) -> dict[tuple[str, str, str], Connector]:
        streams = {("", "pods", name): self._to_container(name) for name in ("exec", "attach", "log")}
        return {
            **streams,
            ("", "pods", "portforward"): self._to(PODS),
            ("", "pods", "proxy"): self._to(PODS),
            ("", "services", "proxy"): self._to(SERVICES),
            ("", "nodes", "proxy"): self._to(NODES),
        }

    def _to(self, resource: Resource) -> Connector:
        def connect(call: Call, _service: Service) -> Outcome:
            # Names of proxied pods and services may carry scheme and port: `https:name:port`.
            parts = call.info.name.split(":")
            name = parts[1] if len(parts) == 3 else parts[0]
            target = self._find(call, resource, name)
            if resource is PODS and call.info.subresource == "proxy" and not (target.get("status") or {}).get("podIP"):
                raise BadRequest("address not allowed")
            return self._nodes.connect(call, target, "")

        return connect

    def _to_container(self, verb: str) -> Connector:
        def connect(call: Call, _service: Service) -> Outcome:
            if verb == "log":
                check_log_options(call.query, call.info.name)
            pod = self._find(call, PODS, call.info.name)
            container = _container(pod, (call.query.get("container") or [""])[0], verb)
            if not pod["spec"].get("nodeName"):
                if verb == "log":
                    return Response(204, b"", "", respond.NO_CACHE)
                raise BadRequest(f"pod {call.info.name} does not have a host assigned")
            return self._nodes.connect(call, pod, container)

        return connect

    def _find(self, call: Call, resource: Resource, name: str) -> Object:
        obj = self._reader.get(resource, call.info.namespace, name)
        if obj is None:
            raise NotFound.of(resource.group, resource.plural, name)
        return obj


def _container(pod: Object, asked: str, verb: str) -> str:
    """The container that is meant. Raises BadRequest when it is none of the pod's, or not clear."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    kinds = ("containers", "initContainers", "ephemeralContainers")
    known = [container["name"] for kind in kinds for container in spec.get(kind) or ()]
    if asked:
        if asked not in known:
            raise BadRequest(f"container {asked} is not valid for pod {name}")
        return asked
    default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if default in known:
        return str(default)
    containers = [container["name"] for container in spec["containers"]]
    if len(containers) == 1:
        return str(containers[0])
    if verb != "log":
        return str(containers[0])
    choices = f"choose one of: [{' '.join(containers)}]"
    more = [container["name"] for container in spec.get("initContainers") or ()]
    if more:
        choices += f" or one of the init containers: [{' '.join(more)}]"
    raise BadRequest(f"a container name must be specified for pod {name}, {choices}")


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
