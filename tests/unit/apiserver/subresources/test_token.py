"""token: whose it is, what it is bound to, how long it lives."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from .pods import NAMESPACE, PODS, make_pod, outcome

pytestmark = pytest.mark.virtual_time
ACCOUNTS = f"{NAMESPACE}/serviceaccounts"
NOW_S = 1767225600


def claims_of(reply: Any) -> dict[str, Any]:
    payload = reply.json()["status"]["token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


async def ask(api: Any, account: str = "sa", *, metadata: Any = None, **spec: Any) -> Any:
    body = {"metadata": metadata or {}, "spec": spec}
    return await api.ask("POST", f"{ACCOUNTS}/{account}/token", body)


def bound(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"boundObjectRef": {"apiVersion": "v1", "kind": kind, "name": name, **more}}


@pytest.fixture
async def account(api: Any) -> dict[str, Any]:
    return (await api.ask("POST", ACCOUNTS, {"metadata": {"name": "sa"}})).json()


async def test_a_token_is_its_accounts(api: Any, account: Any) -> None:
    reply = await ask(api)
    request, claims = reply.json(), claims_of(reply)
    assert reply.status == 201
    assert claims["sub"] == "system:serviceaccount:default:sa"
    assert claims["kubernetes.io"] == {
        "namespace": "default",
        "serviceaccount": {"name": "sa", "uid": account["metadata"]["uid"]},
    }
    assert (claims["iat"], claims["exp"]) == (NOW_S, NOW_S + 3600)
    assert request["status"]["expirationTimestamp"] == "2026-01-01T01:00:00Z"
    assert claims["aud"] == request["spec"]["audiences"] == ["https://kubernetes.default.svc"]
    assert (request["metadata"]["name"], request["metadata"]["namespace"]) == ("sa", "default")


async def test_it_says_who_its_bearer_is(api: Any, account: Any) -> None:
    token = (await ask(api)).json()["status"]["token"]
    review = await api.ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": token}})
    status = review.json()["status"]
    assert (status["authenticated"], status["user"]["uid"]) == (True, account["metadata"]["uid"])


async def test_for_others_it_lives_as_long_as_asked(api: Any, account: Any) -> None:
    claims = claims_of(await ask(api, audiences=["vault", "boat"], expirationSeconds=600))
    assert (claims["aud"], claims["exp"]) == (["vault", "boat"], NOW_S + 600)


async def test_a_pods_token_names_pod_and_node(api: Any, account: Any) -> None:
    pod = await make_pod(api, serviceAccountName="sa", nodeName="n1")
    other = await make_pod(api, "q")
    private = claims_of(await ask(api, **bound("Pod", "p")))["kubernetes.io"]
    assert private["pod"] == {"name": "p", "uid": pod["metadata"]["uid"]}
    assert private["node"] == {"name": "n1"}
    node = (await api.ask("POST", "/api/v1/nodes", {"metadata": {"name": "n1"}})).json()
    uid = node["metadata"]["uid"]
    assert claims_of(await ask(api, **bound("Pod", "p")))["kubernetes.io"]["node"] == {"name": "n1", "uid": uid}
    assert outcome(await ask(api, **bound("Pod", "q", uid=other["metadata"]["uid"]))) == (
        400,
        'cannot bind token for serviceaccount "sa" to pod running with different serviceaccount name.',
    )


@pytest.mark.parametrize(
    ("kind", "path", "field"), [("Secret", f"{NAMESPACE}/secrets", "secret"), ("Node", "/api/v1/nodes", "node")]
)
async def test_secrets_and_nodes_can_be_bound_to(api: Any, account: Any, kind: str, path: str, field: str) -> None:
    uid = (await api.ask("POST", path, {"metadata": {"name": "x"}})).json()["metadata"]["uid"]
    reply = await ask(api, **bound(kind, "x", uid=uid))
    assert claims_of(reply)["kubernetes.io"][field] == {"name": "x", "uid": uid}
    code, message = outcome(await ask(api, **bound(kind, "x", uid="old")))
    assert code == 409
    assert "the UID in the bound object reference (old) does not match the UID in record" in message


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        (bound("Pod", "none"), 404, 'pods "none" not found'),
        (bound("Secret", "none"), 404, 'secrets "none" not found'),
        (bound("Node", "none"), 404, 'nodes "none" not found'),
        (bound("ConfigMap", "x"), 400, "cannot bind token to object of type /v1, Kind=ConfigMap"),
        (
            {"boundObjectRef": {"apiVersion": "apps/v1", "kind": "Pod", "name": "p"}},
            400,
            "cannot bind token to object of type apps/v1, Kind=Pod",
        ),
        ({"expirationSeconds": 599}, 422, "may not specify a duration less than 10 minutes"),
        ({"expirationSeconds": 2**32 + 1}, 422, "may not specify a duration larger than 2^32 seconds"),
    ],
)
async def test_what_is_refused(api: Any, account: Any, spec: Any, code: int, message: str) -> None:
    status, told = outcome(await ask(api, **spec))
    assert (status, told[-len(message) :]) == (code, message)


async def test_it_is_of_the_account_in_the_url(api: Any, account: Any) -> None:
    assert outcome(await ask(api, "none")) == (404, 'serviceaccounts "none" not found')
    for field in ("name", "namespace"):
        assert outcome(await ask(api, metadata={field: "other"})) == (
            400,
            f"the {field} of the provided object does not match the {field} sent on the request",
        )


async def test_nothing_is_kept(api: Any, account: Any) -> None:
    revision = api.parts.service.cache.revision
    await ask(api)
    assert api.parts.service.cache.revision == revision
    assert (await api.ask("GET", PODS)).json()["items"] == []
