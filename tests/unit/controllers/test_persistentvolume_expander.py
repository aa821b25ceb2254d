"""Who makes volumes larger."""

from __future__ import annotations

from steersman.client.request import Key
from steersman.controllers.persistentvolume_expander import PRE_RESIZE, grown, wants_more

from .volumes import claim, volume

MINE = {"namespace": "ns", "name": "c", "uid": "uid-c"}
HAS = {"phase": "Bound", "capacity": {"storage": "1Gi"}}


def test_only_claims_that_grow_matter():
    assert grown(None, claim()) == grown(claim(), claim(size="2Gi")) == [Key("ns", "c")]
    assert grown(claim(), claim()) == grown(claim(size="2Gi"), claim()) == grown(claim(), None) == []


def test_a_bound_claim_that_asks_for_more_than_it_has():
    assert wants_more(claim(size="2Gi", status=HAS), volume(claimRef=MINE))
    assert not wants_more(claim(status=HAS), volume(claimRef=MINE))
    begun = volume(claimRef=MINE, metadata={"annotations": {PRE_RESIZE: "1Gi"}})
    assert wants_more(claim(status=HAS), begun)
    assert not wants_more(claim(size="2Gi", phase="Pending"), volume(claimRef=MINE))
    assert not wants_more(claim(size="2Gi", status=HAS), volume(claimRef=MINE | {"uid": "other"}))
    assert not wants_more(claim(size="2Gi", status=HAS), None)
