"""Tokens that are kept in secrets."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

import pytest

from steersman.api.core.secret import SECRETS
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.api.errors import NotFound
from steersman.client.request import Key
from steersman.controllers.serviceaccount_token import (
    ACCOUNT_NAME,
    ACCOUNT_UID,
    TOKEN_TYPE,
    ServiceAccountTokens,
    TokenSigning,
    accounts_of,
    claims,
    fits,
    plan_references,
    plan_secret,
)

from .objects import meta

SETTINGS = TokenSigning(sign=json.dumps, ca_pem="PEM")
ACCOUNT = {"metadata": meta("sa")}


def secret(name="t", *, account="sa", uid="", data=None, **more):
    annotations = {ACCOUNT_NAME: account, **({ACCOUNT_UID: uid} if uid else {})}
    return {"metadata": meta(name, annotations=annotations), "type": TOKEN_TYPE, "data": data or {}, **more}


def encoded(text):
    return b64encode(text.encode()).decode()


def test_an_empty_secret_is_filled():
    filled = plan_secret(secret(), ACCOUNT, settings=SETTINGS)
    assert filled is not None
    assert filled["metadata"]["annotations"] == {ACCOUNT_NAME: "sa", ACCOUNT_UID: "uid-sa"}
    data = {name: b64decode(value).decode() for name, value in filled["data"].items()}
    assert (data["ca.crt"], data["namespace"]) == ("PEM", "ns")
    assert json.loads(data["token"]) == claims(secret(), ACCOUNT)
    assert plan_secret(filled, ACCOUNT, settings=SETTINGS) is None


def test_claims_are_those_of_a_token_without_an_end():
    assert claims(secret(), ACCOUNT) == {
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "ns",
        "kubernetes.io/serviceaccount/secret.name": "t",
        "kubernetes.io/serviceaccount/service-account.name": "sa",
        "kubernetes.io/serviceaccount/service-account.uid": "uid-sa",
        "sub": "system:serviceaccount:ns:sa",
    }


def test_a_token_stays_when_something_else_is_put_right():
    data = {"token": encoded("mine"), "ca.crt": encoded("old"), "namespace": encoded("elsewhere"), "more": ""}
    filled = plan_secret(secret(data=data), ACCOUNT, settings=SETTINGS)
    assert filled is not None
    assert filled["data"] == data | {"ca.crt": encoded("PEM")}
    assert plan_secret(secret(data=data), ACCOUNT, settings=TokenSigning(sign=json.dumps, ca_pem="")) is None


def test_a_secret_is_of_the_account_that_it_names():
    assert accounts_of(secret()) == ("ns/sa",)
    assert accounts_of(secret(account="")) == accounts_of(secret(type="Opaque")) == ()
    assert fits(secret(), ACCOUNT)
    assert fits(secret(uid="uid-sa"), ACCOUNT)
    assert not fits(secret(uid="uid-former"), ACCOUNT)
    assert not fits(secret(), None)


def test_references_to_what_is_gone_are_removed():
    account = ACCOUNT | {"secrets": [{"name": "a"}, {"name": "b"}]}
    left = plan_references(account, {"a", "c"})
    assert left is not None
    assert left["secrets"] == [{"name": "b"}]
    assert plan_references(account, {"c"}) is None


def new_secret(name, account):
    metadata = {"name": name, "namespace": "default", "annotations": {ACCOUNT_NAME: account}}
    return {"metadata": metadata, "type": TOKEN_TYPE}


@pytest.mark.virtual_time
async def test_a_secret_is_filled_and_goes_with_its_account(bench):
    await bench.start(ServiceAccountTokens, settings=SETTINGS)
    metadata = {"name": "sa", "namespace": "default"}
    await bench.client.create(SERVICE_ACCOUNTS, {"metadata": metadata, "secrets": [{"name": "t"}, {"name": "x"}]})
    await bench.client.create(SECRETS, new_secret("t", "sa"))
    await bench.settle()
    assert set((await bench.client.get(SECRETS, Key("default", "t")))["data"]) == {"token", "ca.crt", "namespace"}

    await bench.client.delete(SECRETS, Key("default", "t"))
    await bench.settle()
    assert (await bench.client.get(SERVICE_ACCOUNTS, Key("default", "sa")))["secrets"] == [{"name": "x"}]

    await bench.client.create(SECRETS, new_secret("t2", "sa"))
    await bench.settle()
    await bench.client.delete(SERVICE_ACCOUNTS, Key("default", "sa"))
    await bench.settle()
    with pytest.raises(NotFound):
        await bench.client.get(SECRETS, Key("default", "t2"))


@pytest.mark.virtual_time
async def test_a_secret_of_no_account_goes(bench):
    await bench.start(ServiceAccountTokens, settings=SETTINGS)
    await bench.client.create(SECRETS, new_secret("t", "nosuch"))
    await bench.settle()
    with pytest.raises(NotFound):
        await bench.client.get(SECRETS, Key("default", "t"))
