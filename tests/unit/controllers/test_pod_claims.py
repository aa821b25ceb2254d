"""Claims of pods."""

from __future__ import annotations

from steersman.api.core.pod_claims import is_for_pod, named_claims
from steersman.controllers.pod_claims import claims_of, mentions

from .objects import owned_by
from .volumes import claim, user


def test_claims_are_named_or_made():
    assert list(named_claims(user())) == ["c"]
    assert list(named_claims(user(made=True))) == ["p-c"]
    assert claims_of(user()) == ("ns/c",)
    assert mentions(user(), claim())
    assert not mentions(user(), claim("other"))


def test_a_claim_that_is_only_called_like_one_that_was_made_is_none():
    pod = user(made=True)
    mine = claim("p-c", metadata={"ownerReferences": owned_by(pod, kind="Pod")})
    assert is_for_pod(mine, pod)
    assert mentions(pod, mine)
    assert not mentions(pod, mine, made=False)
    assert not is_for_pod(claim("p-c"), pod)
    assert not mentions(pod, claim("p-c"))
