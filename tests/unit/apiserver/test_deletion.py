"""What a DELETE means for an object: pure rules of grace, finalizers and policies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.api.core.config_map import CONFIG_MAPS
from steersman.api.errors import Conflict
from steersman.api.resource import Context, Strategy
from steersman.apiserver.deletion import Outcome, check_preconditions, may_be_removed, plan_deletion
from steersman.apiserver.options import DeleteOptions

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRACEFUL = Strategy(graceful_delete=lambda _obj, asked, _ctx: 30 if asked is None else asked)


def obj(**metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "uid": "u", "resourceVersion": "5", **metadata}}


def plan(thing: dict[str, Any], strategy: Strategy = Strategy(), **options: Any) -> Outcome:  # noqa: B008 - frozen
    return plan_deletion(
        thing,
        strategy,
        DeleteOptions(**options),
        Context(now=NOW),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def test_an_object_that_nothing_holds_goes_at_once() -> None:
    assert plan(obj()) is Outcome.REMOVE


def test_a_finalizer_turns_deletion_into_a_mark() -> None:
    held = obj(finalizers=["a/b"], generation=3)
    assert plan(held) is Outcome.MARK
    metadata = held["metadata"]
    assert (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) == ("2026-01-01T00:00:00Z", 0)
    assert metadata["generation"] == 4
    assert plan(held) is Outcome.PENDING


@pytest.mark.parametrize(
    ("policy", "finalizers"),
    [("Orphan", ["x/y", "orphan"]), ("Foreground", ["x/y", "foregroundDeletion"]), ("Background", ["x/y"])],
)
def test_the_policy_is_kept_as_a_finalizer(policy: str, finalizers: list[str]) -> None:
    held = obj(finalizers=["x/y"])
    assert plan(held, propagation=policy) is Outcome.MARK
    assert held["metadata"]["finalizers"] == finalizers


def test_a_later_policy_replaces_an_earlier_one() -> None:
    held = obj(finalizers=["orphan"], deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=0)
    assert plan(held, propagation="Foreground") is Outcome.MARK
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_grace_is_counted_from_now_and_may_only_be_shortened() -> None:
    pod = obj()
    assert plan(pod, GRACEFUL) is Outcome.MARK
    assert pod["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:30Z"
    assert plan(pod, GRACEFUL, grace_s=60) is Outcome.PENDING
    assert plan(pod, GRACEFUL, grace_s=10) is Outcome.MARK
    assert pod["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:10Z"
    assert plan(pod, GRACEFUL, grace_s=0) is Outcome.REMOVE


def test_preconditions_are_compared_with_what_is_there() -> None:
    check_preconditions(CONFIG_MAPS, "a", obj(), DeleteOptions(uid="u", resource_version="5"))
    with pytest.raises(Conflict, match=r"the UID in the precondition \(x\) does not match the UID in record \(u\)"):
        check_preconditions(CONFIG_MAPS, "a", obj(), DeleteOptions(uid="x"))
    with pytest.raises(Conflict, match="ResourceVersion in the precondition"):
        check_preconditions(CONFIG_MAPS, "a", obj(), DeleteOptions(resource_version="4"))


def test_what_holds_an_object_back() -> None:
    assert may_be_removed(obj(), Strategy())
    assert not may_be_removed(obj(finalizers=["a/b"]), Strategy())
    assert not may_be_removed(obj(deletionGracePeriodSeconds=3), Strategy())
    assert not may_be_removed(obj(), Strategy(blocks_removal=lambda _: True))
