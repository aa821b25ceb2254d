"""Admission webhooks on the real server: a TLS server of the test's own denies, changes, is slow, is gone."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from steersman.cluster.issue import issue_authority, issue_leaf, load_authority
from steersman.lib.http.message import Response
from steersman.lib.http.server import Server
from steersman.lib.http.tls import server_context
from steersman.testing.server import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from steersman.lib.http.message import Request

    Decide = Callable[[dict[str, Any]], dict[str, Any]]

REGISTRATION = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations"
MAPS, PODS = "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"
WAIT_S = 10
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Caller:
    """An administrator with nothing but HTTP."""

    def __init__(self, server: ServerProcess) -> None:
        self._url = server.url
        self._tls = ssl.create_default_context(cafile=str(server.ca))
        self.warnings: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer admin-token", "Content-Type": media}
        request = urllib.request.Request(self._url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S, context=self._tls) as answer:
                self.warnings = answer.headers.get_all("Warning") or []
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
                return error.code, json.loads(text) if text.startswith(b"{") else text.decode()


@dataclass
class Webhook:
    """Listens on loopback in a thread of its own; each path is answered by what `decide` has for it."""

    certificate: Path
    key: Path
    ca_bundle: str
    port: int = 0
    decide: dict[str, Decide] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    _stop: Callable[[], None] = lambda: None

    def run(self, ready: threading.Event) -> None:
        async def serve() -> None:
            end = asyncio.Event()
            loop = asyncio.get_running_loop()
            server = Server(handler=self._handle, tls=server_context(certificate=self.certificate, key=self.key))
            [(_, self.port)] = await server.start("127.0.0.1")
            self._stop = lambda: loop.call_soon_threadsafe(end.set)
            ready.set()
            await end.wait()
            await server.drain(0)

        asyncio.run(serve())

    def stop(self) -> None:
        self._stop()

    async def _handle(self, request: Request) -> Response:
        review = json.loads(request.body)
        self.asked.append(review)
        self.uris.append(f"{request.path}?{request.query}")
        if request.path == "/slow":
            await asyncio.sleep(5)
        if request.path == "/broken":
            return Response(500, b"out of order", "text/plain")
        response = {"uid": review["request"]["uid"]} | self.decide[request.path](review["request"])
        answer = {"kind": "AdmissionReview", "apiVersion": review["apiVersion"], "response": response}
        return Response(200, json.dumps(answer).encode(), "application/json")


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Webhook]:
    ca_pem, ca_key = issue_authority("webhooks", not_before=BEGIN, not_after=END)
    names = ("127.0.0.1", "hook.default.svc")
    leaf = issue_leaf(
        load_authority(ca_pem, ca_key), common_name="hook", server_names=names, not_before=BEGIN, not_after=END
    )
    certificate, key = tmp_path / "hook.crt", tmp_path / "hook.key"
    certificate.write_bytes(leaf[0])
    key.write_bytes(leaf[1])
    webhook = Webhook(certificate, key, base64.b64encode(ca_pem).decode())
    ready = threading.Event()
    thread = threading.Thread(target=webhook.run, args=(ready,), daemon=True)
    thread.start()
    assert ready.wait(WAIT_S)
    yield webhook
    webhook.stop()
    thread.join(WAIT_S)


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("admin-token,admin,admin,system:masters\n")
    with ServerProcess(data_dir=tmp_path / "data", token_auth_file=tokens) as server:
        caller = Caller(server)
        # No controller does it, and no pod is without one.
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        assert caller.ask("POST", accounts, {"metadata": {"name": "default"}})[0] == 201
        yield caller


def configuration(webhook: Webhook, kind: str, path: str, *resources: str, **fields: Any) -> dict[str, Any]:
    hook = {
        "name": "hook.example.com",
        "clientConfig": {"url": f"https://127.0.0.1:{webhook.port}{path}", "caBundle": webhook.ca_bundle},
        "rules": [
            {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": list(resources), "scope": "*"}
        ],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {"kind": f"{kind}WebhookConfiguration", "metadata": {"name": "test"}, "webhooks": [hook | fields]}


def patching(*operations: dict[str, Any]) -> Decide:
    patch = base64.b64encode(json.dumps(operations).encode()).decode()
    return lambda _request: {"allowed": True, "patchType": "JSONPatch", "patch": patch}


def register(caller: Caller, document: dict[str, Any]) -> None:
    """In the place of the one before."""
    path = REGISTRATION.format(document["kind"].removesuffix("WebhookConfiguration").lower())
    caller.ask("DELETE", f"{path}/test")
    status, answer = caller.ask("POST", path, document)
    assert status == 201, answer


def config_map(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name} | metadata, "data": {"a": "b"}}


def test_a_webhook_denies_and_its_status_reaches_the_client(caller: Caller, webhook: Webhook) -> None:
    webhook.decide["/deny"] = lambda request: {
        "allowed": request["name"] != "bad",
        "status": {"code": 418, "message": "no teapots", "reason": "Teapot", "details": {"kind": "pot"}},
        "warnings": ["mind the lid"],
    }
    assert caller.ask("POST", MAPS, config_map("bad"))[0] == 201
    register(caller, configuration(webhook, "Validating", "/deny", "configmaps"))
    status, answer = caller.ask("PATCH", f"{MAPS}/bad", {"data": {"a": "c"}}, "application/merge-patch+json")
    assert (status, answer["reason"], answer["details"]) == (418, "Teapot", {"kind": "pot"})
    assert answer["message"] == 'admission webhook "hook.example.com" denied the request: no teapots'
    status, _ = caller.ask("POST", MAPS, config_map("good"))
    assert (status, caller.warnings) == (201, ['299 - "mind the lid"'])
    request = webhook.asked[0]["request"]
    assert (request["operation"], request["options"]["kind"]) == ("UPDATE", "UpdateOptions")
    assert (request["oldObject"]["data"], request["object"]["data"]) == ({"a": "b"}, {"a": "c"})
    assert request["userInfo"]["username"] == "admin"
    assert webhook.uris[0] == "/deny?timeout=10s"
    status, _ = caller.ask("DELETE", f"{MAPS}/bad")
    assert status == 418
    request = webhook.asked[-1]["request"]
    assert (request["operation"], request["object"], request["oldObject"]["kind"]) == ("DELETE", None, "ConfigMap")
    # The configuration itself can always be taken away, and that counts at once.
    assert caller.ask("DELETE", REGISTRATION.format("validating") + "/test")[0] == 200
    assert caller.ask("DELETE", f"{MAPS}/bad")[0] == 200


def test_a_webhook_changes_what_is_stored_and_it_is_defaulted_again(caller: Caller, webhook: Webhook) -> None:
    extra = {"name": "added", "image": "busybox"}
    webhook.decide["/mutate"] = patching(
        {"op": "add", "path": "/spec/initContainers", "value": [extra]},
        {"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}},
    )
    fields = {"rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]}
    register(caller, configuration(webhook, "Mutating", "/mutate", **fields))
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    for path in (f"{PODS}?dryRun=All", PODS):
        status, made = caller.ask("POST", path, pod)
        assert status == 201, made
        added = made["spec"]["initContainers"][0]
        assert (added["terminationMessagePath"], added["imagePullPolicy"]) == ("/dev/termination-log", "Always")
        assert made["metadata"]["labels"] == {"seen": "yes"}
    assert [each["request"]["dryRun"] for each in webhook.asked] == [True, False]


def test_a_slow_or_broken_webhook_follows_its_failure_policy(caller: Caller, webhook: Webhook) -> None:
    register(caller, configuration(webhook, "Validating", "/slow", "configmaps", timeoutSeconds=1))
    status, answer = caller.ask("POST", MAPS, config_map("m"))
    url = f"https://127.0.0.1:{webhook.port}/slow?timeout=1s"
    assert (status, answer["reason"]) == (500, "InternalError")
    assert answer["message"] == (
        'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: '
        f'Post "{url}": context deadline exceeded'
    )
    fields = {"timeoutSeconds": 1, "failurePolicy": "Ignore"}
    register(caller, configuration(webhook, "Validating", "/slow", "configmaps", **fields))
    assert caller.ask("POST", MAPS, config_map("m"))[0] == 201
    register(caller, configuration(webhook, "Validating", "/broken", "configmaps"))
    _, answer = caller.ask("POST", MAPS, config_map("n"))
    assert 'an error on the server ("out of order") has prevented the request from succeeding' in answer["message"]
    # Nobody vouches for the certificate: it is not accepted.
    document = configuration(webhook, "Validating", "/broken", "configmaps")
    del document["webhooks"][0]["clientConfig"]["caBundle"]
    register(caller, document)
    _, answer = caller.ask("POST", MAPS, config_map("n"))
    assert "x509: certificate signed by unknown authority" in answer["message"]


def test_custom_resources_pass_webhooks_in_the_version_that_they_name(caller: Caller, webhook: Webhook) -> None:
    webhook.decide["/mutate"] = patching(
        {"op": "add", "path": "/data/stage", "value": "1"}, {"op": "add", "path": "/data/unknown", "value": "2"}
    )
    webhook.decide["/look"] = lambda _request: {"allowed": True}
    data = {"type": "object", "properties": {"stage": {"type": "string"}, "start": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"data": data}}}
    versions = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in ("v1", "v2")]
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "boats", "kind": "Boat"},
        "versions": versions,
    }
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert caller.ask("POST", definitions, {"metadata": {"name": "boats.example.com"}, "spec": spec})[0] == 201
    boats = "/apis/example.com/v1/namespaces/default/boats"
    for _ in range(200):
        if caller.ask("GET", boats)[0] == 200:
            break
    rule = {"operations": ["*"], "apiGroups": ["example.com"], "apiVersions": ["v2"], "resources": ["boats"]}
    register(caller, configuration(webhook, "Mutating", "/mutate", rules=[rule]))
    register(caller, configuration(webhook, "Validating", "/look", rules=[rule | {"apiVersions": ["v1"]}]))
    boat = {"apiVersion": "example.com/v1", "kind": "Boat", "metadata": {"name": "b"}, "data": {"start": "yes"}}
    status, made = caller.ask("POST", boats, boat)
    assert status == 201, made
    assert (made["apiVersion"], made["data"]) == ("example.com/v1", {"start": "yes", "stage": "1"})
    mutated, validated = (each["request"] for each in webhook.asked)
    assert (mutated["object"]["apiVersion"], mutated["kind"]["version"]) == ("example.com/v2", "v2")
    assert (mutated["requestKind"]["version"], mutated["requestResource"]["version"]) == ("v1", "v1")
    assert (validated["object"]["data"], validated["resource"]["version"]) == ({"start": "yes", "stage": "1"}, "v1")
    exact = configuration(webhook, "Mutating", "/mutate", rules=[rule], matchPolicy="Exact")
    register(caller, exact)
    status, made = caller.ask("POST", boats, boat | {"metadata": {"name": "c"}})
    assert (status, made["data"]) == (201, {"start": "yes"})


def test_a_webhook_behind_a_service_proves_to_be_that_service(caller: Caller, webhook: Webhook) -> None:
    webhook.decide["/deny"] = lambda _request: {"allowed": False}
    service = {"namespace": "default", "name": "hook", "port": webhook.port, "path": "/deny"}
    client = {"service": service, "caBundle": webhook.ca_bundle}
    register(caller, configuration(webhook, "Validating", "/deny", "configmaps", clientConfig=client))
    _, answer = caller.ask("POST", MAPS, config_map("m"))
    url = f"https://hook.default.svc:{webhook.port}/deny?timeout=10s"
    assert answer["message"].endswith(f'Post "{url}": service "hook" not found')
    document = {"metadata": {"name": "hook"}, "spec": {"type": "ExternalName", "externalName": "localhost"}}
    assert caller.ask("POST", SERVICES, document)[0] == 201
    status, answer = caller.ask("POST", MAPS, config_map("m"))
    assert status == 400
    assert answer["message"] == 'admission webhook "hook.example.com" denied the request without explanation'


def test_subresources_and_connections_are_shown_as_what_they_are(caller: Caller, webhook: Webhook) -> None:
    webhook.decide["/look"] = lambda request: {"allowed": request["operation"] != "CONNECT"}
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert caller.ask("POST", PODS, pod)[0] == 201
    register(caller, configuration(webhook, "Validating", "/look", "pods/*"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    merge = "application/merge-patch+json"
    assert caller.ask("POST", f"{PODS}/p/binding", binding)[0] == 201
    assert caller.ask("PATCH", f"{PODS}/p/status", {"status": {"message": "x"}}, merge)[0] == 200
    assert caller.ask("POST", f"{PODS}/p/attach")[0] == 400
    assert caller.ask("POST", f"{PODS}/p/eviction?dryRun=All", eviction)[0] == 201
    requests = [each["request"] for each in webhook.asked]
    seen = [(each["subResource"], each["operation"], each["kind"]["kind"], each["name"]) for each in requests]
    assert seen == [
        ("binding", "CREATE", "Binding", "p"),
        ("status", "UPDATE", "Pod", "p"),
        ("attach", "CONNECT", "PodAttachOptions", "p"),
        ("eviction", "CREATE", "Eviction", "p"),
    ]


def test_a_scale_and_an_eviction_are_changed_as_what_they_are(caller: Caller, webhook: Webhook) -> None:
    webhook.decide["/scale"] = patching({"op": "replace", "path": "/spec/replicas", "value": 2})
    webhook.decide["/gently"] = patching({"op": "add", "path": "/deleteOptions", "value": {"dryRun": ["All"]}})
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert caller.ask("POST", PODS, pod)[0] == 201
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod["spec"]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    assert caller.ask("POST", deployments, {"metadata": {"name": "d"}, "spec": spec})[0] == 201
    register(caller, configuration(webhook, "Mutating", "/scale", "deployments/scale"))
    merge = "application/merge-patch+json"
    status, scale = caller.ask("PATCH", f"{deployments}/d/scale", {"spec": {"replicas": 5}}, merge)
    assert (status, scale["spec"]) == (200, {"replicas": 2})
    assert caller.ask("GET", f"{deployments}/d")[1]["spec"]["replicas"] == 2
    request = webhook.asked[0]["request"]
    assert (request["kind"]["kind"], request["resource"]["resource"]) == ("Scale", "deployments")
    assert (request["oldObject"]["spec"], request["object"]["spec"]) == ({"replicas": 1}, {"replicas": 5})
    register(caller, configuration(webhook, "Mutating", "/gently", "pods/eviction"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert caller.ask("POST", f"{PODS}/p/eviction", eviction)[0] == 201
    assert "deletionTimestamp" not in caller.ask("GET", f"{PODS}/p")[1]["metadata"]
