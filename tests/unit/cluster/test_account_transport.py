"""Requests as a service account, by tokens that its owner asks for."""

from __future__ import annotations

import asyncio
import random

import pytest

from steersman.api.authentication.self_subject_review import SELF_SUBJECT_REVIEWS
from steersman.api.errors import Unauthorized
from steersman.client.client import Client
from steersman.cluster.account_transport import LIFE_S, AccountTransport

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def account(api, transports_as):
    """A client as a service account that is not there yet, and the tokens that were shown."""
    await api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "kube-system"}})
    shown = []

    class Showing:
        """Shows the token of the moment; `refusing`: as many requests are not believed."""

        refusing = 0

        def __init__(self, token):
            self._token = token

        async def exchange(self, request, *, timeout_s):
            shown.append(self._token())
            if Showing.refusing:
                Showing.refusing -= 1
                raise Unauthorized("who are you?")
            return await transports_as(self._token()).exchange(request, timeout_s=timeout_s)

        async def close(self):
            pass

    owner = Client(transport=transports_as("admin-token"), rng=random.Random(1))
    transport = AccountTransport(owner=owner, namespace="kube-system", name="ttl-controller", connect=Showing)
    yield Client(transport=transport, rng=random.Random(1)), shown, Showing
    await transport.close()


async def who(client):
    review = await client.create(SELF_SUBJECT_REVIEWS, {"kind": "SelfSubjectReview"})
    return review["status"]["userInfo"]["username"]


async def test_it_comes_as_the_account_which_is_made(account):
    client, shown, _ = account
    assert await who(client) == "system:serviceaccount:kube-system:ttl-controller"
    await asyncio.gather(who(client), who(client))
    assert len(set(shown)) == 1


async def test_a_token_is_replaced_before_it_expires(account):
    client, shown, _ = account
    await who(client)
    await asyncio.sleep(LIFE_S * 0.7)
    await who(client)
    assert len(set(shown)) == 1
    await asyncio.sleep(LIFE_S * 0.2)
    await who(client)
    assert len(set(shown)) == 2


async def test_a_token_that_is_not_believed_is_replaced_once(account):
    client, shown, showing = account
    await who(client)
    showing.refusing = 1
    await asyncio.sleep(1)
    assert await who(client) == "system:serviceaccount:kube-system:ttl-controller"
    assert len(set(shown)) == 2
    showing.refusing = 2
    with pytest.raises(Unauthorized):
        await who(client)
