"""NodeProxy: from a name in a path to the server that it means."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import pytest

from steersman.api.core.node import NODES
from steersman.api.core.pod import PODS
from steersman.api.core.service import SERVICES
from steersman.api.discovery.endpoint_slice import ENDPOINT_SLICES
from steersman.api.errors import ApiError
from steersman.apiserver import respond
from steersman.apiserver.codec.negotiate import Negotiator
from steersman.apiserver.outbound.addresses import is_global_unicast
from steersman.apiserver.outbound.kubelet import Kubelets, kubelet_tls
from steersman.apiserver.outbound.node_proxy import NodeProxy, split_path
from steersman.apiserver.outbound.pod_log import LogMetrics, PodLogs
from steersman.apiserver.outbound.resolver import ServiceResolver
from steersman.apiserver.outbound.reverse_proxy import ReverseProxy
from steersman.apiserver.requestinfo import parse_request
from steersman.apiserver.subresources.connect_options import connect_options
from steersman.apiserver.subresources.pod_connect import split_name
from steersman.lib.http.client.message import Target
from steersman.lib.http.message import Request, Response
from steersman.lib.http.tls import server_context
from steersman.lib.metrics import Registry

HOST = "127.0.0.1"
RESOURCES = {"pods": PODS, "services": SERVICES, "nodes": NODES}
NAMESPACE = "/api/v1/namespaces/n"


def pod(name="p", *, ip=HOST, port=0):
    ports = [{"containerPort": port}] if port else []
    return {
        "metadata": {"namespace": "n", "name": name},
        "spec": {"containers": [{"name": "first"}, {"name": "second", "ports": ports}]},
        "status": {"podIP": ip, "podIPs": [{"ip": ip}] if ip else []},
    }


def service(*ports):
    return {
        "metadata": {"namespace": "n", "name": "s"},
        "spec": {"ports": [{"name": name, "port": number} for name, number in ports]},
    }


def endpoints(port, *, name="", pod_name="p", namespace="n"):
    ref = {"kind": "Pod", "namespace": namespace, "name": pod_name}
    return {
        "metadata": {"namespace": "n", "name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
        "addressType": "IPv4",
        "ports": [{"name": name, "port": port}],
        "endpoints": [{"addresses": [HOST], "targetRef": ref, "conditions": {"ready": True}}],
    }


def node(port):
    return {
        "metadata": {"name": "node-1"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": HOST}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        },
    }


class Objects:
    """A reader of what it is given."""

    def __init__(self, **objects):
        self._objects = {
            resource: {obj["metadata"]["name"]: obj for obj in objects.get(resource.plural, ())}
            for resource in (PODS, SERVICES, NODES, ENDPOINT_SLICES)
        }

    def get(self, resource, _namespace, name):
        return self._objects[resource].get(name)

    def list(self, resource, _namespace):
        return list(self._objects[resource].values())

    def version(self, _resource):
        return 1


def say(text: str):
    def handler(request: Request) -> Response:
        told = {"text": text, "path": request.raw_path, "query": request.query, "host": request.headers.get("host")}
        told["uri"] = request.headers.get("x-forwarded-uri")
        return Response(200, json.dumps(told).encode(), "application/json")

    return handler


@pytest.fixture
async def api(serve, client, certificates):
    """A function that starts an API server which knows some objects; the target to ask."""

    async def start(*, allowed=lambda _: True, **objects) -> Target:
        reader = Objects(**objects)
        tls = kubelet_tls(certificate=certificates.certificate("first"), key=certificates.key("first"))
        kubelets = Kubelets(reader=reader, tls=tls, address_types=("InternalIP",))
        proxy = NodeProxy(
            reader=reader,
            resolver=ServiceResolver(reader, rng=random.Random(1)),
            kubelets=kubelets,
            proxy=ReverseProxy(client=client),
            logs=PodLogs(client=client, kubelets=kubelets, metrics=LogMetrics(registry=Registry())),
            tls=kubelet_tls().unchecked,
            allowed=allowed,
        )

        async def answer(request: Request):
            info = parse_request(request.method, request.path)
            call = SimpleNamespace(request=request, info=info, query=request.params)
            resource = RESOURCES[info.resource]
            parts = split_name(info.name, resource)
            path = connect_options(info, request.params).get("path", "")
            target = reader.get(resource, info.namespace, parts.name)
            try:
                return await proxy.proxy(call, resource, target, parts, path)
            except ApiError as error:
                return respond.failure(error, "", Negotiator())

        return Target(HOST, await serve(answer))

    return start


async def ask(client, target: Target, path: str, method: str = "GET"):
    answer = await client.request(target, method, path, timeout_s=5)
    return answer.status, json.loads(answer.body) if answer.body else {}


async def text(client, target: Target, path: str) -> str:
    _, told = await ask(client, target, path)
    return told.get("text") or told.get("message")


class TestPods:
    async def test_the_first_declared_port_is_meant_if_none_is_named(self, api, client, serve) -> None:
        one, two = await serve(say("one")), await serve(say("two"))
        target = await api(pods=[pod(port=one)])
        assert await text(client, target, f"{NAMESPACE}/pods/p/proxy/") == "one"
        assert await text(client, target, f"{NAMESPACE}/pods/p:{two}/proxy/") == "two"
        assert await text(client, target, f"{NAMESPACE}/pods/http:p:{two}/proxy/") == "two"

    async def test_https_proves_nothing(self, api, client, serve, certificates) -> None:
        context = server_context(certificate=certificates.certificate("kubelet"), key=certificates.key("kubelet"))
        port = await serve(say("secret"), tls=context)
        target = await api(pods=[pod()])
        assert await text(client, target, f"{NAMESPACE}/pods/https:p:{port}/proxy/") == "secret"

    async def test_path_and_query_go_on_as_they_came(self, api, client, serve) -> None:
        target = await api(pods=[pod(port=await serve(say("x")))])
        _, told = await ask(client, target, f"{NAMESPACE}/pods/p/proxy/a%2Fb/%20/c/?q=%41&q=2")
        assert (told["path"], told["query"]) == ("/a%2Fb/%20/c/", "q=%41&q=2")
        assert told["uri"] == f"{NAMESPACE}/pods/p/proxy/a%2Fb/%20/c/"
        assert told["host"] == f"{target.host}:{target.port}"

    async def test_pages_without_a_path_get_a_slash(self, api, client, serve) -> None:
        target = await api(pods=[pod(port=await serve(say("x")))])
        for method in ("GET", "HEAD"):
            answer = await client.request(target, method, f"{NAMESPACE}/pods/p/proxy?a=b", timeout_s=5)
            assert (answer.status, answer.headers.get("location")) == (301, f"{NAMESPACE}/pods/p/proxy/?a=b")
        status, told = await ask(client, target, f"{NAMESPACE}/pods/p/proxy?a=b", "POST")
        assert (status, told["path"], told["query"]) == (200, "/", "a=b")

    async def test_links_lead_back_through_the_proxy(self, api, client, serve) -> None:
        port = await serve(lambda _: Response(200, b'<a href="/rewriteme">test</a>', "text/html"))
        target = await api(pods=[pod()])
        answer = await client.request(target, "GET", f"{NAMESPACE}/pods/p:{port}/proxy/", timeout_s=5)
        assert answer.body == f'<a href="{NAMESPACE}/pods/p:{port}/proxy/rewriteme">test</a>'.encode()

    @pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", ""])
    async def test_some_addresses_are_not_for_clients(self, api, client, address: str) -> None:
        target = await api(pods=[pod(ip=address, port=80)], allowed=is_global_unicast)
        status, told = await ask(client, target, f"{NAMESPACE}/pods/p/proxy/")
        assert (status, told["message"]) == (400, "address not allowed")

    async def test_ports_that_are_none_are_told(self, api, client) -> None:
        target = await api(pods=[pod()])
        words = "error trying to reach service: dial tcp: "
        assert await text(client, target, f"{NAMESPACE}/pods/p:web/proxy/") == f"{words}lookup tcp/web: unknown port"
        assert await text(client, target, f"{NAMESPACE}/pods/p:70000/proxy/") == f"{words}address 70000: invalid port"


class TestServices:
    async def test_a_port_is_a_number_or_a_name(self, api, client, serve) -> None:
        port = await serve(say("behind"))
        target = await api(pods=[pod()], services=[service(("web", 80))], endpointslices=[endpoints(port, name="web")])
        for name in ("s:80", "s:web", "http:s:web"):
            assert await text(client, target, f"{NAMESPACE}/services/{name}/proxy/x") == "behind"

    async def test_no_port_is_the_one_without_a_name(self, api, client, serve) -> None:
        port = await serve(say("behind"))
        target = await api(pods=[pod()], services=[service(("", 80))], endpointslices=[endpoints(port)])
        assert await text(client, target, f"{NAMESPACE}/services/s/proxy/x") == "behind"

    async def test_what_is_missing_is_told(self, api, client) -> None:
        target = await api(pods=[pod()], services=[service(("web", 80))], endpointslices=[endpoints(1, name="web")])
        status, told = await ask(client, target, f"{NAMESPACE}/services/s:81/proxy/")
        assert (status, told["message"]) == (503, 'no service port 81 found for service "s"')
        status, told = await ask(client, target, f"{NAMESPACE}/services/s:other/proxy/")
        assert (status, told["message"]) == (503, 'no endpoints available for service "s"')

    @pytest.mark.parametrize(
        "slices",
        [endpoints(1, pod_name="absent"), endpoints(1, namespace="other"), endpoints(1, pod_name="elsewhere")],
    )
    async def test_endpoints_that_are_no_pods_are_not_connected_to(self, api, client, slices) -> None:
        pods = [pod(), pod("elsewhere", ip="10.0.0.9")]
        target = await api(pods=pods, services=[service(("", 80))], endpointslices=[slices])
        status, told = await ask(client, target, f"{NAMESPACE}/services/s:80/proxy/")
        assert (status, told["message"]) == (503, 'no endpoints available for service "s"')


class TestNodes:
    async def test_the_kubelet_is_meant_unless_another_port_is_named(self, api, client, serve, certificates) -> None:
        kubelet, other = await serve(say("kubelet"), tls=certificates.server()), await serve(say("other"))
        target = await api(nodes=[node(kubelet)])
        for name in ("node-1", f"node-1:{kubelet}", f"http:node-1:{kubelet}"):
            assert await text(client, target, f"/api/v1/nodes/{name}/proxy/healthz") == "kubelet"
        assert await text(client, target, f"/api/v1/nodes/node-1:{other}/proxy/healthz") == "other"

    async def test_some_addresses_are_not_for_clients(self, api, client) -> None:
        target = await api(nodes=[node(1)], allowed=lambda _: False)
        status, told = await ask(client, target, "/api/v1/nodes/node-1/proxy/")
        assert (status, told["message"]) == (400, "address not allowed")


@pytest.mark.parametrize(
    ("raw", "decoded", "path", "expected"),
    [
        ("/api/v1/nodes/n/proxy", None, "", ("/api/v1/nodes/n/proxy", "")),
        ("/api/v1/nodes/n/proxy/", None, "/", ("/api/v1/nodes/n/proxy", "/")),
        ("/api/v1/nodes/n/proxy//a", None, "//a", ("/api/v1/nodes/n/proxy", "//a")),
        ("/api/v1/nodes/n%3A1/proxy/%61", "/api/v1/nodes/n:1/proxy/a", "/a", ("/api/v1/nodes/n%3A1/proxy", "/%61")),
        ("/api/v1/nodes/n/proxy%2Fa", "/api/v1/nodes/n/proxy/a", "/a", ("/api/v1/nodes/n/proxy", "/a")),
    ],
)
def test_a_path_is_split_as_it_came(raw: str, decoded: str | None, path: str, expected: tuple[str, str]) -> None:
    decoded = decoded or raw
    request = SimpleNamespace(raw_path=raw, path=decoded)
    assert split_path(request, parse_request("GET", decoded), path) == expected
