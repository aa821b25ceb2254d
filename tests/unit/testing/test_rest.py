"""The model notices what no faithful client may see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steersman.testing.rest import Model, RestClient

if TYPE_CHECKING:
    from steersman.cluster.pki import PKI


@pytest.fixture
def model(pki: PKI) -> Model:
    """One that was listed at revision 5, with nothing in it. It is not run: events are given to it."""
    client = RestClient("https://127.0.0.1:1", ca=Path(pki.certificate("ca")))
    return Model(client, "/api/v1/pods", revision=5)


def give(model: Model, *events: tuple[str, str, int]) -> list[str]:
    for kind, name, revision in events:
        metadata: dict[str, Any] = {"resourceVersion": str(revision)}
        model._take(kind, {"metadata": metadata | ({"name": name} if name else {})})
    return model.faults


def test_a_life_as_it_should_be(model: Model) -> None:
    events = ("ADDED", "a", 6), ("MODIFIED", "a", 7), ("BOOKMARK", "", 9), ("DELETED", "a", 10), ("ADDED", "a", 11)
    assert give(model, *events) == []
    assert model.versions() == {"a": "11"}
    assert (model.events, model.revision) == (4, 11)


@pytest.mark.parametrize(
    "events",
    [
        [("ADDED", "a", 6), ("ADDED", "a", 7)],
        [("ADDED", "a", 6), ("ADDED", "a", 6)],
        [("ADDED", "a", 5)],
        [("MODIFIED", "a", 6)],
        [("DELETED", "a", 6)],
        [("ADDED", "a", 7), ("ADDED", "b", 6)],
        [("BOOKMARK", "", 8), ("ADDED", "a", 7)],
    ],
)
def test_what_is_lost_or_comes_twice_is_a_fault(model: Model, events: list[tuple[str, str, int]]) -> None:
    assert give(model, *events)
