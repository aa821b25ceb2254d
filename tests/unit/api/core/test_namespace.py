"""Namespace: phases, finalizers, and the label that names it."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.api.core.namespace import NAME_LABEL, NAMESPACES
from steersman.api.resource import Context

ACTIVE = {"phase": "Active"}


def test_a_new_one_is_active_and_held(judge: Any) -> None:
    made = judge(NAMESPACES).created({"metadata": {"name": "a", "labels": {"l": "1"}}, "status": {"phase": "Odd"}})
    assert made["status"] == ACTIVE
    assert made["spec"] == {"finalizers": ["kubernetes"]}
    assert made["metadata"]["labels"] == {"l": "1", NAME_LABEL: "a"}


def test_it_is_held_once(judge: Any) -> None:
    made = judge(NAMESPACES).created({"spec": {"finalizers": ["example.org/a", "kubernetes"]}})
    assert made["spec"]["finalizers"] == ["example.org/a", "kubernetes"]


def test_its_name_label_cannot_lie(judge: Any) -> None:
    made = judge(NAMESPACES).defaulted({"metadata": {"name": "a", "labels": {NAME_LABEL: "b"}}})
    assert made["metadata"]["labels"] == {NAME_LABEL: "a"}
    assert "labels" not in judge(NAMESPACES).defaulted({"metadata": {"generateName": "a"}})["metadata"]


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("example.org/a", []),
        ("orphan", []),
        ("a", ["name is neither a standard finalizer name nor is it fully qualified"]),
        ("a/b/c", ["a valid label key must consist of"]),
        ("", ["name part must be non-empty", "name part must consist of", "name is neither a standard finalizer"]),
    ],
)
def test_finalizers_are_standard_or_qualified(judge: Any, name: str, errors: list[str]) -> None:
    finalize = NAMESPACES.subresource("finalize")
    assert finalize is not None
    assert finalize.update is not None
    assert finalize.update.validate is not None
    obj = {"metadata": {"name": "x"}, "spec": {"finalizers": ["kubernetes", name]}}
    created = judge(NAMESPACES).errors(obj)
    finalized = [str(error) for error in finalize.update.validate(obj, {})]
    for found, path in ((created, "spec.finalizers"), (finalized, "spec.finalizers[1]")):
        begins = [f'{path}: Invalid value: "{name}": {error}' for error in errors]
        assert [error[: len(start)] for error, start in zip(found, begins, strict=True)] == begins


def test_finalizers_change_through_finalize_alone(judge: Any) -> None:
    judge, ctx = judge(NAMESPACES), Context(now=judge.now)
    old = judge.created({})
    new = judge.defaulted({"spec": {"finalizers": []}, "status": {"phase": "Terminating"}})
    assert NAMESPACES.strategy.prepare_update is not None
    NAMESPACES.strategy.prepare_update(new, old, ctx)
    assert new["spec"] == old["spec"]
    finalize = NAMESPACES.subresource("finalize")
    assert finalize is not None
    assert finalize.update is not None
    assert finalize.update.prepare is not None
    new = {"metadata": {}, "spec": {"finalizers": []}, "status": {"phase": "Terminating"}}
    finalize.update.prepare(new, old, ctx)
    assert (new["spec"], new["status"]) == ({"finalizers": []}, ACTIVE)


def test_a_deleted_one_is_terminating_until_nothing_holds_it(judge: Any) -> None:
    strategy = NAMESPACES.strategy
    assert strategy.prepare_delete is not None
    assert strategy.blocks_removal is not None
    obj = judge(NAMESPACES).created({}) | {"status": {"phase": "Active", "conditions": []}}
    strategy.prepare_delete(obj, Context(now=judge.now))
    assert obj["status"] == {"phase": "Terminating", "conditions": []}
    assert strategy.blocks_removal(obj)
    assert not strategy.blocks_removal(obj | {"spec": {"finalizers": []}})
    assert not strategy.blocks_removal(obj | {"spec": {}})


@pytest.mark.parametrize(
    ("deleted", "phase", "errors"),
    [
        (False, "Active", []),
        (True, "Terminating", []),
        (
            True,
            "Active",
            ["status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"],
        ),
        (
            False,
            "Terminating",
            ["status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"],
        ),
    ],
)
def test_the_phase_follows_the_deletion(judge: Any, deleted: bool, phase: str, errors: list[str]) -> None:
    metadata = {"name": "x"} | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {})
    obj = {"metadata": metadata, "status": {"phase": phase}}
    assert judge(NAMESPACES).status_errors(obj, {"metadata": {}}) == errors
