"""log, exec, attach, portforward, proxy: what the API server decides before a node is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS as POD_RESOURCE
from steersman.api.core.service import SERVICES
from steersman.api.errors import ApiError
from steersman.apiserver.authz.attributes import Decision
from steersman.apiserver.requestinfo import parse_request
from steersman.apiserver.subresources.pod_connect import PodConnects, check_log_options
from steersman.lib.http.message import Response

from .pods import NAMESPACE, PODS, make_pod, outcome

TIME = 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'
INVALID = 'PodLogOptions "p" is invalid: '


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"tailLines": "0", "limitBytes": "1", "sinceSeconds": "1", "follow": "maybe"}, 0, ""),
        ({"tailLines": "+5", "sinceTime": ""}, 0, ""),
        ({"sinceTime": "2026-01-01T00:00:00Z"}, 0, ""),
        ({"tailLines": ""}, 400, 'strconv.ParseInt: parsing "": invalid syntax'),
        ({"tailLines": "1_0"}, 400, 'strconv.ParseInt: parsing "1_0": invalid syntax'),
        ({"tailLines": " 5"}, 400, 'strconv.ParseInt: parsing " 5": invalid syntax'),
        ({"limitBytes": "9" * 20}, 400, f'strconv.ParseInt: parsing "{"9" * 20}": value out of range'),
        ({"sinceTime": "x"}, 400, TIME),
        ({"limitBytes": "l", "tailLines": "t", "sinceTime": "x"}, 400, TIME),
        ({"limitBytes": "l", "tailLines": "t"}, 400, 'strconv.ParseInt: parsing "t": invalid syntax'),
        ({"tailLines": "-1"}, 422, f"{INVALID}tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, 422, f"{INVALID}limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, 422, f"{INVALID}sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            {"sinceSeconds": "1", "sinceTime": ""},
            422,
            f"{INVALID}[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ({"stream": "Stdout"}, 422, f"{INVALID}stream: Forbidden: may not be specified"),
    ],
)
def test_log_options_are_read_as_upstream_reads_them(query: dict[str, str], code: int, message: str) -> None:
    options = {name: [value] for name, value in query.items()}
    if not code:
        check_log_options(options, "p")
        return
    with pytest.raises(ApiError) as caught:
        check_log_options(options, "p")
    assert (caught.value.code, caught.value.message) == (code, message)


class Nodes:
    """Whoever answers for nodes: says what it was asked."""

    def connect(self, call: Any, pod: Any, container: str, options: Any) -> Any:
        return Response(200, f"{options['kind']} {pod['metadata']['name']} {container}".rstrip().encode())

    def log(self, call: Any, pod: Any, container: str) -> Any:
        return Response(200, f"log {pod['metadata']['name']} {container}".encode())

    def proxy(self, call: Any, resource: Any, target: Any, parts: Any, path: str) -> Any:
        return Response(200, f"{resource.singular} {target['metadata']['name']} {':'.join(parts)} {path}".encode())


class Admission:
    """A chain that keeps what it was shown, and refuses what is named so."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def admit(self, review: Any) -> None:
        self.seen.append(("admit", review.operation, review.resource.plural, review.subresource, dict(review.obj)))

    async def validate(self, review: Any) -> None:
        self.seen.append("validate")
        if "refuse" in (review.obj.get("command") or ()):
            raise review.forbidden("no")


class Permissions:
    """Allows everything but what is listed."""

    def __init__(self, *denied: str) -> None:
        self._denied = denied

    def authorize(self, attributes: Any) -> Decision:
        return Decision(allowed=attributes.verb not in self._denied, reason="not today")


class Shelf:
    """Objects by name."""

    def __init__(self, *objects: Any) -> None:
        self._objects = {obj["metadata"]["name"]: obj for obj in objects}

    def get(self, _resource: Any, _namespace: str, name: str) -> Any:
        return self._objects.get(name)


def pod(
    name: str, *containers: str, init: tuple[str, ...] = (), default: str = "", node: str = "n1", ip: str = ""
) -> Any:
    return {
        "metadata": {"name": name, "annotations": {"kubectl.kubernetes.io/default-container": default}},
        "spec": {
            "containers": [{"name": container} for container in containers],
            "initContainers": [{"name": container} for container in init],
            "nodeName": node,
        },
        "status": {"podIP": ip},
    }


async def connect(
    plural: str,
    subresource: str,
    target: Any,
    *,
    name: str = "p",
    query: str = "",
    rest: str = "",
    method: str = "POST",
    admission: Admission | None = None,
    denied: tuple[str, ...] = (),
) -> Any:
    """What becomes of a request."""
    connects = PodConnects(
        reader=Shelf(target),  # type: ignore[arg-type]
        authorizer=Permissions(*denied),  # type: ignore[arg-type]
        streams=Nodes(),
        proxy=Nodes(),
    )
    path = f"/api/v1/namespaces/default/{plural}/{name}/{subresource}{rest}"
    if plural == "nodes":
        path = f"/api/v1/nodes/{name}/{subresource}{rest}"
    resource = {"pods": POD_RESOURCE, "services": SERVICES, "nodes": NODES}[plural]
    call = SimpleNamespace(
        info=parse_request(method, path),
        query=parse_qs(query, keep_blank_values=True),
        served=SimpleNamespace(resource=resource),
        user=None,
        now=None,
        warnings=[],
    )
    service = SimpleNamespace(chain=admission or Admission())
    try:
        outcome = connects.connectors()["", plural, subresource](call, service)  # type: ignore[arg-type]
        answer = outcome if isinstance(outcome, Response) else await outcome  # type: ignore[misc]
    except ApiError as error:
        return error.message
    return answer.body.decode()


@pytest.mark.parametrize(
    ("verb", "target", "container", "expected"),
    [
        ("exec", pod("p", "a"), "", "PodExecOptions p a"),
        ("exec", pod("p", "a", "b"), "b", "PodExecOptions p b"),
        (
            "attach",
            pod("p", "a", "b", init=("i",)),
            "",
            "a container name must be specified for pod p, choose one of: [i a b]",
        ),
        ("log", pod("p", "a", init=("i",)), "i", "log p i"),
        ("log", pod("p", "a", init=("i",)), "", "log p a"),
        ("log", pod("p", "a"), "x", "container x is not valid for pod p"),
        ("log", pod("p", "a", "b"), "", "a container name must be specified for pod p, choose one of: [a b]"),
        ("exec", pod("p", "a", node=""), "", "pod p does not have a host assigned"),
        ("exec", pod("q", "a"), "", 'pods "p" not found'),
    ],
)
@pytest.mark.virtual_time
async def test_the_container_is_chosen(verb: str, target: Any, container: str, expected: str) -> None:
    query = f"container={container}" if container else ""
    assert await connect("pods", verb, target, query=query) == expected


@pytest.mark.parametrize(
    ("plural", "target", "name", "rest", "expected"),
    [
        ("pods", pod("p", "a", ip="10.0.0.1"), "p", "", "pod p :p: "),
        ("pods", pod("p", "a", ip="fd00::1"), "p:8080", "/a/b/", "pod p :p:8080 /a/b/"),
        ("pods", pod("p", "a", ip="10.0.0.1"), "https:p:web", "/", "pod p https:p:web /"),
        ("pods", pod("p", "a"), "p", "", "address not allowed"),
        ("pods", pod("p", "a", ip="127.0.0.1"), "p", "", "address not allowed"),
        ("pods", pod("p", "a", ip="169.254.169.254"), "p", "", "address not allowed"),
        ("pods", pod("p", "a"), "ftp:p:1", "", 'invalid pod request "ftp:p:1"'),
        ("pods", pod("p", "a"), "a:b:c:d", "", 'invalid pod request "a:b:c:d"'),
        ("services", {"metadata": {"name": "s"}}, "http:s:", "", "service s http:s: "),
        ("services", {"metadata": {"name": "s"}}, "http:t:", "", 'no endpoints available for service "t"'),
        ("services", {"metadata": {"name": "s"}}, "t:80", "", 'services "t" not found'),
        ("nodes", {"metadata": {"name": "n"}}, "n:10250", "/metrics", "node n :n:10250 /metrics"),
        ("nodes", {"metadata": {"name": "n"}}, "m", "", 'nodes "m" not found'),
    ],
)
@pytest.mark.virtual_time
async def test_a_proxied_name_may_carry_scheme_and_port(
    plural: str, target: Any, name: str, rest: str, expected: str
) -> None:
    assert await connect(plural, "proxy", target, name=name, rest=rest) == expected


@pytest.mark.virtual_time
async def test_admission_sees_the_options_before_the_pod_is_looked_for() -> None:
    admission = Admission()
    answer = await connect("pods", "exec", pod("q", "a"), query="command=ls&command=-l&stdout", admission=admission)
    assert answer == 'pods "p" not found'
    options = {"kind": "PodExecOptions", "apiVersion": "v1", "stdout": True, "command": ["ls", "-l"]}
    assert admission.seen == [("admit", "CONNECT", "pods", "exec", options), "validate"]


@pytest.mark.virtual_time
async def test_admission_may_refuse() -> None:
    answer = await connect("pods", "exec", pod("p", "a"), query="command=refuse")
    assert answer == 'pods "p" is forbidden: no'


@pytest.mark.virtual_time
async def test_nothing_is_admitted_for_the_sake_of_appearances() -> None:
    assert await connect("pods", "exec", pod("p", "a"), query="dryRun=All") == "dryRun is not supported"


@pytest.mark.virtual_time
async def test_a_stream_by_get_needs_the_permission_to_create() -> None:
    denied = 'pods "p" is forbidden: not today'
    for verb in ("exec", "attach", "portforward"):
        assert await connect("pods", verb, pod("p", "a"), method="GET", denied=("create",)) == denied
    assert await connect("pods", "exec", pod("p", "a"), method="POST", denied=("create",)) == "PodExecOptions p a"
    proxied = await connect("pods", "proxy", pod("p", "a", ip="10.0.0.1"), method="GET", denied=("create",))
    assert proxied == "pod p :p: "


def test_every_way_to_a_node_is_served() -> None:
    served = {
        (resource.plural, sub.name)
        for resource in (POD_RESOURCE, SERVICES, NODES)
        for sub in resource.subresources
        if sub.name in {"log", "exec", "attach", "portforward", "proxy"}
    }
    connects = PodConnects(reader=Shelf(), authorizer=Permissions(), streams=Nodes(), proxy=Nodes())  # type: ignore[arg-type]
    assert {key[1:] for key in connects.connectors()} == served


@pytest.mark.virtual_time
async def test_a_pod_without_a_node_has_nothing_to_say(api: Any) -> None:
    await make_pod(api)
    reply = await api.ask("GET", f"{PODS}/p/log")
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.virtual_time
async def test_nobody_is_there_to_ask(api: Any) -> None:
    await make_pod(api, nodeName="n1")
    assert outcome(await api.ask("GET", f"{PODS}/p/log")) == (404, 'nodes "n1" not found')
    assert outcome(await api.ask("GET", f"{NAMESPACE}/pods/q/log")) == (404, 'pods "q" not found')
