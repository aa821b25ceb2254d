from __future__ import annotations

import pytest

from steersman.scheduler.devices.claims import ClaimError, claim_names, claims_of, consumer, reserved_for

BY_NAME = {"name": "x", "resourceClaimName": "c"}
BY_TEMPLATE = {"name": "t", "resourceClaimTemplateName": "tmpl"}
OWNER = [{"uid": "u", "controller": True}]


def pod(*entries, **made):
    statuses = [{"name": name, **({"resourceClaimName": claim} if claim else {})} for name, claim in made.items()]
    return {
        "metadata": {"namespace": "ns", "name": "p", "uid": "u"},
        "spec": {"resourceClaims": list(entries)},
        "status": {"resourceClaimStatuses": statuses},
    }


def claims(*objects):
    known = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in objects}
    return lambda namespace, name: known.get((namespace, name))


def claim(name, **metadata):
    return {"metadata": {"namespace": "ns", "name": name, "uid": name, **metadata}}


def test_claims_are_found_by_name_and_by_what_was_made_of_templates():
    plain, made = claim("c"), claim("p-t-x", ownerReferences=OWNER)
    wanted = pod(BY_NAME, BY_TEMPLATE, {"name": "none", "resourceClaimTemplateName": "t"}, t="p-t-x", none=None)
    assert claims_of(wanted, claims(plain, made)) == [plain, made]
    assert claim_names(wanted) == ["c", "p-t-x"]


@pytest.mark.parametrize(
    ("wanted", "known", "text"),
    [
        (pod(BY_NAME), [], 'could not find v1.ResourceClaim "ns/c"'),
        (pod(BY_NAME), [claim("c", deletionTimestamp="now")], 'resourceclaim "c" is being deleted'),
        (pod(BY_TEMPLATE), [], 'pod "ns/p": ResourceClaim not created yet'),
        (
            pod(BY_TEMPLATE, t="d"),
            [claim("d")],
            "ResourceClaim ns/d was not created for Pod ns/p (Pod is not owner)",
        ),
    ],
)
def test_a_pod_waits_for_its_claims(wanted, known, text):
    with pytest.raises(ClaimError) as caught:
        claims_of(wanted, claims(*known))
    assert str(caught.value) == text


def test_a_reservation_is_for_one_pod():
    reserved = claim("c") | {"status": {"reservedFor": [consumer(pod())]}}
    assert reserved_for(pod(), reserved)
    assert not reserved_for(pod(), claim("c"))
