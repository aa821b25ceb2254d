"""Signatures of cluster-info."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.core.secret import SECRETS
from steersman.api.meta.times import format_time
from steersman.client.request import Key
from steersman.controllers.bootstrap_signer import (
    CLUSTER_INFO,
    BootstrapSigner,
    concerned,
    detached_signature,
    plan,
)
from steersman.controllers.bootstrap_tokens import Token

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIGNED = "jws-kubeconfig-abcdef"


def secret(token_id="abcdef", **more):
    data = {"token-id": token_id, "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true", **more}
    encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"namespace": "kube-system", "name": f"bootstrap-token-{token_id}"}
    return {"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "data": encoded}


def cluster_info(**data):
    return {"metadata": {"namespace": "kube-public", "name": "cluster-info"}, "data": {"kubeconfig": "K", **data}}


def test_a_signature_is_a_jws_without_its_content():
    token = Token("joshua", "my voice is my passcode")
    assert detached_signature("Hello from the other side. I must have called a thousand times.", token) == (
        "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8"
    )


def test_signatures_are_added_renewed_and_removed():
    signed = plan(cluster_info(**{"jws-kubeconfig-gone": "x"}, more="y"), [secret()], now=NOW)
    assert signed is not None
    assert set(signed["data"]) == {"kubeconfig", "more", SIGNED}
    assert plan(signed, [secret()], now=NOW) is None
    changed = signed | {"data": signed["data"] | {"kubeconfig": "L"}}
    renewed = plan(changed, [secret()], now=NOW)
    assert renewed is not None
    assert renewed["data"][SIGNED] != signed["data"][SIGNED]


def test_nothing_to_sign_is_no_work():
    assert plan(None, [secret()], now=NOW) is None
    assert plan(cluster_info() | {"data": {"x": "y"}}, [secret()], now=NOW) is None
    assert plan(cluster_info(), [], now=NOW) is None


def test_only_bootstrap_tokens_matter():
    assert concerned(secret(), None) == concerned(None, secret()) == [CLUSTER_INFO]
    assert concerned(None, secret() | {"type": "Opaque"}) == []


@pytest.mark.virtual_time
async def test_a_signature_ends_with_its_token(bench):
    await bench.start(BootstrapSigner)
    await bench.client.create(CONFIG_MAPS, cluster_info())
    ends = format_time(bench.clock.now() + timedelta(hours=1))
    await bench.client.create(SECRETS, secret("abcdef", expiration=ends))
    await bench.client.create(SECRETS, secret("012345"))
    await bench.settle()
    assert {SIGNED, "jws-kubeconfig-012345"} < set((await bench.client.get(CONFIG_MAPS, CLUSTER_INFO))["data"])
    await bench.settle(3600)
    assert SIGNED not in (await bench.client.get(CONFIG_MAPS, CLUSTER_INFO))["data"]
    await bench.client.delete(SECRETS, Key("kube-system", "bootstrap-token-012345"))
    await bench.settle()
    assert set((await bench.client.get(CONFIG_MAPS, CLUSTER_INFO))["data"]) == {"kubeconfig"}
