"""Taints and tolerations."""

from __future__ import annotations

from steersman.api.core.taints import NO_EXECUTE, NO_SCHEDULE, untolerated, with_toleration

TAINT = {"key": "k", "value": "v", "effect": NO_SCHEDULE}


def test_the_first_taint_that_nothing_tolerates_is_found():
    taints = [TAINT, {"key": "gone", "effect": NO_EXECUTE}]
    assert untolerated(taints, [], {NO_SCHEDULE, NO_EXECUTE}) == TAINT
    assert untolerated(taints, [], {NO_EXECUTE}) == taints[1]
    assert untolerated(taints, [{"operator": "Exists"}], {NO_SCHEDULE, NO_EXECUTE}) is None
    assert untolerated(None, [], {NO_SCHEDULE}) is None


def test_a_toleration_is_added_once():
    added = {"key": "k", "operator": "Exists", "effect": NO_EXECUTE}
    assert with_toleration([], added) == [added]
    for_a_while = added | {"tolerationSeconds": 300}
    other = {"key": "o", "operator": "Exists"}
    assert with_toleration([for_a_while, other], added) == [added, other]
    assert with_toleration([other], added) == [other, added]
