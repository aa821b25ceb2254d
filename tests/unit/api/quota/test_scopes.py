"""Which objects a quota is about."""

from __future__ import annotations

import pytest

from steersman.api.quota.quota import Scope
from steersman.api.quota.scopes import claim_matches, pod_matches

PLAIN = {"spec": {"containers": [{"name": "c"}]}}
ENDING = {"spec": {"containers": [{"name": "c"}], "activeDeadlineSeconds": 5}}
BUSY = {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]}}
HIGH = {"spec": {"containers": [{"name": "c"}], "priorityClassName": "high"}}


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        (Scope("Terminating"), ENDING, PLAIN),
        (Scope("NotTerminating"), PLAIN, ENDING),
        (Scope("BestEffort"), PLAIN, BUSY),
        (Scope("NotBestEffort"), BUSY, PLAIN),
        (Scope("PriorityClass"), HIGH, PLAIN),
        (Scope("PriorityClass", "DoesNotExist"), PLAIN, HIGH),
        (Scope("PriorityClass", "In", ("high", "low")), HIGH, PLAIN),
        (Scope("PriorityClass", "NotIn", ("high",)), PLAIN, HIGH),
    ],
)
def test_pods(scope, inside, outside):
    assert pod_matches(scope, inside)
    assert not pod_matches(scope, outside)


def test_claims_by_the_attributes_that_they_have_or_are_to_have():
    scope = Scope("VolumeAttributesClass", "In", ("gold",))
    assert claim_matches(scope, {"spec": {"volumeAttributesClassName": "gold"}})
    assert claim_matches(scope, {"spec": {}, "status": {"currentVolumeAttributesClassName": "gold"}})
    assert not claim_matches(scope, {"spec": {}})
    assert not claim_matches(Scope("BestEffort"), {"spec": {"volumeAttributesClassName": "gold"}})
