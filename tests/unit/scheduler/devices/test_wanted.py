from __future__ import annotations

import pytest

from steersman.scheduler.devices.wanted import AllocationError, want

from .offers import CLASSES, claim, either, request


def test_a_claim_comes_with_the_classes_that_it_names():
    other = {"metadata": {"name": "other"}}
    asked = claim(request(), either("s", a=request(deviceClassName="other"), b=request()))
    wanted = want(asked, (CLASSES | {"other": other}).get)
    assert wanted.classes == {"any": CLASSES["any"], "other": other}
    assert [[each.full_name for each in alternatives] for alternatives in wanted.requests] == [["r"], ["s/a", "s/b"]]
    assert str(wanted) == "ns/c"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (
            claim(request(deviceClassName="nope")),
            'claim ns/c, request r: could not retrieve device class nope: deviceclass.resource.k8s.io "nope" not found',
        ),
        (
            claim(request(deviceClassName="")),
            "claim ns/c, request r: missing device class name (unsupported request type?)",
        ),
        (claim(request("r", "")), "claim ns/c, request r, selector #0: CEL expression empty (unsupported selector type?)"),
        (claim(request(), constraints=[{}]), "claim ns/c, constraint #0: empty constraint (unsupported constraint type?)"),
    ],
)  # fmt: skip
def test_claims_that_nobody_can_read_are_errors(wanted, text):
    with pytest.raises(AllocationError) as caught:
        want(wanted, CLASSES.get)
    assert str(caught.value) == text
