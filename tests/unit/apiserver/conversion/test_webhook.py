"""The webhook of one definition, and what is counted of it."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from steersman.apiserver.conversion.review import ConversionError
from steersman.apiserver.conversion.webhook import TIMEOUT_S, ConversionMetrics, ConversionWebhook, ConversionWebhooks
from steersman.apiserver.identifiers import Identifiers
from steersman.apiserver.outbound.hook_client import HookFailed
from steersman.lib.clock import ManualClock
from steersman.lib.metrics import Registry

V1, V2 = "example.com/v1", "example.com/v2"


class Server:
    """Stands for the server of the webhook."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[tuple[dict[str, Any], float]] = []

    async def post(self, config: dict[str, Any], document: dict[str, Any], *, timeout_s: float) -> bytes:
        self.asked.append((config, timeout_s))
        if self.down:
            raise HookFailed('Post "https://a": EOF')
        request = document["request"]
        objects = [obj | {"apiVersion": request["desiredAPIVersion"]} for obj in request["objects"]]
        response = {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": objects}
        return orjson.dumps(document | {"response": response})


def thing(name: str, version: str = V1) -> dict[str, Any]:
    return {"apiVersion": version, "kind": "Thing", "metadata": {"name": name}}


def webhook(server: Server, registry: Registry) -> ConversionWebhook:
    identifiers = Identifiers(clock=ManualClock(), rng=random.Random(1))
    metrics = ConversionMetrics(registry=registry, timer=lambda: 0.0)
    parts = ConversionWebhooks(client=server, identifiers=identifiers, metrics=metrics)
    config = {"clientConfig": {"url": "https://a"}, "conversionReviewVersions": ["v1"]}
    return parts.of("things.example.com", config, (V1, V2))


async def test_objects_come_back_in_their_order() -> None:
    server, registry = Server(), Registry()
    made = await webhook(server, registry).convert([thing("a"), thing("b")], to=V2)
    assert made == [thing("a", V2), thing("b", V2)]
    assert server.asked == [({"url": "https://a"}, TIMEOUT_S)]
    text = registry.render().decode()
    labels = 'crd_name="things.example.com",from_version="v1",to_version="v2",succeeded="true"'
    assert f"apiserver_crd_conversion_webhook_duration_seconds_count{{{labels}}} 1" in text
    assert 'apiserver_conversion_webhook_request_total{result="success",failure_type=""} 1' in text


async def test_a_failed_call_is_told_and_counted() -> None:
    server, registry = Server(), Registry()
    server.down = True
    with pytest.raises(ConversionError) as caught:
        await webhook(server, registry).convert([thing("a")], to=V2)
    assert str(caught.value) == 'conversion webhook for example.com/v1, Kind=Thing failed: Post "https://a": EOF'
    failed = 'result="failure",failure_type="conversion_webhook_call_failure"'
    assert f"apiserver_conversion_webhook_request_total{{{failed}}} 1" in registry.render().decode()


async def test_versions_that_the_definition_does_not_have_are_refused_without_asking() -> None:
    server = Server()
    with pytest.raises(ConversionError, match=r"from an invalid group/version: example\.com/v0"):
        await webhook(server, Registry()).convert([thing("a", "example.com/v0")], to=V2)
    with pytest.raises(ConversionError, match=r"to an invalid group/version: example\.com/v9"):
        await webhook(server, Registry()).convert([thing("a")], to="example.com/v9")
    assert server.asked == []
