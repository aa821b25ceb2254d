"""What connectors share: bodies of the subresource's own kind, admission of them, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import Forbidden
from steersman.apiserver.admission.chain import Chain

from .pods import PODS, get_pod, make_pod, outcome

pytestmark = pytest.mark.virtual_time
BINDING = f"{PODS}/p/binding"
BODY = {"metadata": {"name": "p"}, "target": {"name": "n1"}}


async def test_the_body_is_of_the_subresources_kind(api: Any) -> None:
    await make_pod(api)
    body = BODY | {"kind": "Pod", "apiVersion": "v1"}
    code, message = outcome(await api.ask("POST", BINDING, body))
    assert code == 400
    assert "converting (v1.Pod) to (core.Binding): unknown conversion" in message


async def test_unknown_fields_are_judged_as_in_any_object(api: Any) -> None:
    await make_pod(api)
    body = BODY | {"speed": 1}
    strict = await api.ask("POST", BINDING, body, fieldValidation="Strict")
    assert outcome(strict)[0] == 400
    assert 'unknown field "speed"' in outcome(strict)[1]
    warned = await api.ask("POST", BINDING, body, fieldValidation="Warn", dryRun="All")
    assert warned.status == 201
    assert warned.header("warning") == [r'299 - "unknown field \"speed\""']


async def test_yaml_is_as_good(api: Any) -> None:
    await make_pod(api)
    yaml = b"metadata: {name: p}\ntarget: {name: n1}\n"
    reply = await api.ask("POST", BINDING, yaml, headers={"content-type": "application/yaml"})
    assert reply.status == 201


async def test_an_error_without_a_reason_is_a_status_still(api: Any) -> None:
    await make_pod(api)
    reply = await api.ask("POST", BINDING, BODY | {"target": {}})
    assert (reply.status, reply.json()["status"], "reason" in reply.json()) == (500, "Failure", False)


class Gate:
    """Sees every review; may refuse."""

    name = "gate"
    resources = None

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.seen: list[tuple[str, str, str, str, bool]] = []

    def _look(self, review: Any) -> None:
        kind = review.obj.get("kind", "")
        self.seen.append((review.operation, review.subresource, review.name, kind, review.dry_run))
        if self.refuses:
            raise Forbidden("not today")

    async def admit(self, review: Any) -> None:
        self._look(review)

    async def validate(self, review: Any) -> None:
        self._look(review)


@pytest.mark.parametrize("refuses", [False, True])
async def test_admission_sees_the_subresources_object_once_per_pass(api: Any, refuses: bool) -> None:
    await make_pod(api)
    gate = Gate(refuses=refuses)
    object.__setattr__(api.parts.service, "chain", Chain(mutating=(gate,), validating=(gate,)))  # type: ignore[arg-type]
    reply = await api.ask("POST", BINDING, BODY, dryRun="All")
    assert reply.status == (403 if refuses else 201)
    assert gate.seen == [("CREATE", "binding", "p", "Binding", True)] * (1 if refuses else 2)
    assert "nodeName" not in (await get_pod(api))["spec"]
