"""A default account in every namespace."""

from __future__ import annotations

import pytest

from steersman.api.core.namespace import NAMESPACES
from steersman.api.core.service_account import SERVICE_ACCOUNTS
from steersman.client.request import Key
from steersman.controllers.serviceaccount import ServiceAccounts, lost_defaults, plan

DEFAULT = Key("a", "default")


def namespace(phase="Active"):
    return {"metadata": {"name": "a"}, "status": {"phase": phase}}


def test_what_is_missing_in_an_active_namespace_is_created():
    made = plan(namespace(), None)
    assert made is not None
    assert made["metadata"] == {"name": "default", "namespace": "a"}
    assert plan(namespace(), {"metadata": {}}) is None
    assert plan(namespace("Terminating"), None) is None
    assert plan(None, None) is None


def test_only_the_loss_of_a_default_account_matters():
    account = {"metadata": {"namespace": "a", "name": "default"}}
    other = {"metadata": {"namespace": "a", "name": "other"}}
    assert lost_defaults(account, None) == [Key("", "a")]
    assert lost_defaults(account, account) == lost_defaults(None, account) == lost_defaults(other, None) == []


@pytest.mark.virtual_time
async def test_every_namespace_gets_one_and_gets_it_back(bench):
    await bench.start(ServiceAccounts)
    await bench.client.create(NAMESPACES, {"metadata": {"name": "a"}})
    await bench.settle()
    first = await bench.client.get(SERVICE_ACCOUNTS, DEFAULT)
    await bench.client.delete(SERVICE_ACCOUNTS, DEFAULT)
    await bench.settle()
    again = await bench.client.get(SERVICE_ACCOUNTS, DEFAULT)
    assert first["metadata"]["uid"] != again["metadata"]["uid"]
    assert await bench.client.get(SERVICE_ACCOUNTS, Key("kube-system", "default"))
