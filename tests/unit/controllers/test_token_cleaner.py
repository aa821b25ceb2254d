"""Bootstrap tokens that have ended."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest

from steersman.api.core.secret import SECRETS
from steersman.api.meta.times import format_time
from steersman.controllers.token_cleaner import TokenCleaner, concerned

TYPE = "bootstrap.kubernetes.io/token"


def secret(token_id, expiration=""):
    data = {"expiration": b64encode(expiration.encode()).decode()} if expiration else {}
    metadata = {"namespace": "kube-system", "name": f"bootstrap-token-{token_id}"}
    return {"metadata": metadata, "type": TYPE, "data": data}


def test_only_tokens_that_are_there_matter():
    assert len(concerned(None, secret("a"))) == 1
    assert concerned(secret("a"), None) == concerned(None, secret("a") | {"type": "Opaque"}) == []


@pytest.mark.virtual_time
async def test_a_token_goes_when_its_time_has_come(bench):
    await bench.start(TokenCleaner)
    await bench.client.create(SECRETS, secret("gone00", "2020-01-01T00:00:00Z"))
    await bench.client.create(SECRETS, secret("later0", format_time(bench.clock.now() + timedelta(hours=1))))
    await bench.client.create(SECRETS, secret("stays0"))

    async def left():
        await bench.settle()
        secrets = await bench.client.list(SECRETS, namespace="kube-system")
        return [each["metadata"]["name"].removeprefix("bootstrap-token-") for each in secrets["items"]]

    assert await left() == ["later0", "stays0"]
    await bench.settle(3600)
    assert await left() == ["stays0"]
