"""log, exec, attach, portforward, proxy: what the API server decides before a node is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS as POD_RESOURCE
from steersman.api.core.service import SERVICES
from steersman.api.errors import ApiError
from steersman.apiserver.subresources.pod_connect import PodConnects, check_log_options

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

    def connect(self, call: Any, target: Any, container: str) -> Any:
        return f"{call.info.subresource} {target['metadata']['name']} {container}".rstrip()


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


def connect(plural: str, subresource: str, target: Any, *, name: str = "p", container: str = "") -> Any:
    """What becomes of a request."""
    connects = PodConnects(reader=Shelf(target), nodes=Nodes())  # type: ignore[arg-type]
    call = SimpleNamespace(
        info=SimpleNamespace(name=name, namespace="default", subresource=subresource),
        query={"container": [container]} if container else {},
    )
    try:
        return connects.connectors()["", plural, subresource](call, None)  # type: ignore[arg-type]
    except ApiError as error:
        return error.message


@pytest.mark.parametrize(
    ("verb", "target", "container", "expected"),
    [
        ("exec", pod("p", "a"), "", "exec p a"),
        ("exec", pod("p", "a", "b"), "", "exec p a"),
        ("exec", pod("p", "a", "b"), "b", "exec p b"),
        ("attach", pod("p", "a", "b", default="b"), "", "attach p b"),
        ("attach", pod("p", "a", "b", default="gone"), "", "attach p a"),
        ("log", pod("p", "a", init=("i",)), "i", "log p i"),
        ("log", pod("p", "a", "b", default="b"), "", "log p b"),
        ("log", pod("p", "a"), "x", "container x is not valid for pod p"),
        ("log", pod("p", "a", "b"), "", "a container name must be specified for pod p, choose one of: [a b]"),
        (
            "log",
            pod("p", "a", "b", init=("i",)),
            "",
            "a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i]",
        ),
        ("exec", pod("p", "a", node=""), "", "pod p does not have a host assigned"),
        ("exec", pod("q", "a"), "", 'pods "p" not found'),
    ],
)
def test_the_container_is_chosen(verb: str, target: Any, container: str, expected: str) -> None:
    assert connect("pods", verb, target, container=container) == expected


@pytest.mark.parametrize(
    ("plural", "subresource", "target", "name", "expected"),
    [
        ("pods", "portforward", pod("p", "a"), "p", "portforward p"),
        ("pods", "proxy", pod("p", "a", ip="10.0.0.1"), "p", "proxy p"),
        ("pods", "proxy", pod("p", "a", ip="10.0.0.1"), "p:8080", "proxy p"),
        ("pods", "proxy", pod("p", "a", ip="10.0.0.1"), "https:p:web", "proxy p"),
        ("pods", "proxy", pod("p", "a"), "p", "address not allowed"),
        ("services", "proxy", {"metadata": {"name": "s"}}, "http:s:", "proxy s"),
        ("services", "proxy", {"metadata": {"name": "s"}}, "http:t:", 'services "t" not found'),
        ("nodes", "proxy", {"metadata": {"name": "n"}}, "n:10250", "proxy n"),
    ],
)
def test_a_proxied_name_may_carry_scheme_and_port(
    plural: str, subresource: str, target: Any, name: str, expected: str
) -> None:
    assert connect(plural, subresource, target, name=name) == expected


def test_every_way_to_a_node_is_served() -> None:
    served = {
        (resource.plural, sub.name)
        for resource in (POD_RESOURCE, SERVICES, NODES)
        for sub in resource.subresources
        if sub.name in {"log", "exec", "attach", "portforward", "proxy"}
    }
    connects = PodConnects(reader=Shelf(), nodes=Nodes())  # type: ignore[arg-type]
    assert {key[1:] for key in connects.connectors()} == served


@pytest.mark.virtual_time
async def test_a_pod_without_a_node_has_nothing_to_say(api: Any) -> None:
    await make_pod(api)
    reply = await api.ask("GET", f"{PODS}/p/log")
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.virtual_time
async def test_nobody_is_there_to_ask(api: Any) -> None:
    await make_pod(api, nodeName="n1")
    assert outcome(await api.ask("GET", f"{PODS}/p/log")) == (
        503,
        "pod p cannot be reached: no node agent is connected to this API server",
    )
    assert outcome(await api.ask("GET", f"{NAMESPACE}/pods/q/log")) == (404, 'pods "q" not found')
