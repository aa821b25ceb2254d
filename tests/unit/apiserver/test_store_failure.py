"""A store that fails is told apart by whether asking again does harm."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from steersman.apiserver.requestinfo import parse_request
from steersman.apiserver.store_failure import explain
from steersman.store.interface import StoreBroken, StoreUnavailable

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        (PODS, "list operation against pods"),
        (f"{PODS}/a", "get operation against pods"),
        (DEPLOYMENTS, "list operation against deployments.apps"),
    ],
)
def test_a_read_may_be_asked_again(path: str, operation: str) -> None:
    error = explain(StoreUnavailable("no answer"), parse_request("GET", path))
    assert (error.code, error.reason) == (500, "ServerTimeout")
    assert error.message == f"The {operation} could not be completed at this time, please try again."
    assert error.headers == (("Retry-After", "2"),)
    assert error.details is not None
    assert error.details["retryAfterSeconds"] == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_of_unknown_outcome_is_not_to_be_repeated(method: str) -> None:
    error = explain(StoreUnavailable("no answer"), parse_request(method, PODS if method == "POST" else f"{PODS}/a"))
    assert (error.code, error.reason, error.headers) == (504, "Timeout", ())


def test_what_can_be_mended_is_told() -> None:
    error = explain(StoreBroken("the disk is full; free some space"), parse_request("POST", PODS))
    assert (error.code, error.reason) == (500, "InternalError")
    assert "free some space" in error.message


@pytest.mark.virtual_time
async def test_a_store_that_has_stopped_is_no_panic(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    await api.parts.service.store.stop()
    with caplog.at_level(logging.WARNING):
        answer = await api.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "a"}})
    assert (answer.status, answer.json()["reason"]) == (504, "Timeout")
    said = [record for record in caplog.records if record.name.startswith("steersman.")]
    assert said
    assert all(record.exc_info is None for record in said)
