from __future__ import annotations

from typing import Any

import pytest

from steersman.api.errors import Invalid
from steersman.apiserver.allocation.families import is_settled, settle_families

V4, V6, DUAL = ("IPv4",), ("IPv6",), ("IPv4", "IPv6")


def service(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"type": "ClusterIP"} | spec}


def settled(
    spec: dict[str, Any], configured: tuple[str, ...], old: dict[str, Any] | None = None
) -> tuple[str | None, list[str] | None]:
    obj = service(**spec)
    settle_families(obj, service(**old) if old is not None else None, configured)
    return obj["spec"].get("ipFamilyPolicy"), obj["spec"].get("ipFamilies")


HEADLESS = {"clusterIP": "None", "clusterIPs": ["None"]}


@pytest.mark.parametrize(
    ("spec", "configured", "policy", "families"),
    [
        ({}, V4, "SingleStack", ["IPv4"]),
        ({}, ("IPv6", "IPv4"), "SingleStack", ["IPv6"]),
        ({"ipFamilyPolicy": "PreferDualStack"}, V4, "PreferDualStack", ["IPv4"]),
        ({"ipFamilyPolicy": "PreferDualStack"}, DUAL, "PreferDualStack", ["IPv4", "IPv6"]),
        ({"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6"]}, DUAL, "RequireDualStack", ["IPv6", "IPv4"]),
        ({"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"]}, DUAL, "SingleStack", ["IPv6"]),
        (HEADLESS, V4, "RequireDualStack", ["IPv4", "IPv6"]),
        (HEADLESS | {"selector": {"a": "b"}}, V4, "SingleStack", ["IPv4"]),
        ({"type": "ExternalName"}, V4, None, None),
    ],
)
def test_families_of_new_services(
    spec: dict[str, Any], configured: tuple[str, ...], policy: str | None, families: list[str] | None
) -> None:
    assert settled(spec, configured) == (policy, families)


@pytest.mark.parametrize(
    ("spec", "configured", "message"),
    [
        ({"ipFamilyPolicy": "RequireDualStack"}, V4, "this cluster is not configured for dual-stack services"),
        ({"ipFamilies": ["IPv6"]}, V4, "not configured on this cluster"),
        ({"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"]}, V4, "IPv6 is not configured on this cluster"),
        ({"ipFamilies": ["IPv4", "IPv6"]}, DUAL, "when multiple IP families are specified"),
        ({"ipFamilies": ["X"]}, DUAL, "Unsupported value"),
    ],
)
def test_what_the_cluster_does_not_offer_is_refused(
    spec: dict[str, Any], configured: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        settled(spec, configured)


BOTH = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"], "ipFamilies": ["IPv4", "IPv6"]}


def test_single_stack_gives_up_the_second_address() -> None:
    obj = service(**BOTH, ipFamilyPolicy="SingleStack")
    settle_families(obj, service(**BOTH, ipFamilyPolicy="RequireDualStack"), DUAL)
    assert (obj["spec"]["clusterIPs"], obj["spec"]["ipFamilies"]) == (["10.0.0.1"], ["IPv4"])


def test_losing_the_second_address_takes_the_policy() -> None:
    less = BOTH | {"clusterIPs": ["10.0.0.1"], "ipFamilyPolicy": "RequireDualStack"}
    with pytest.raises(Invalid, match="must be 'SingleStack' to release the secondary cluster IP"):
        settled(less, DUAL, BOTH | {"ipFamilyPolicy": "RequireDualStack"})


def test_an_update_without_policy_keeps_the_old_one() -> None:
    assert settled(BOTH, DUAL, BOTH | {"ipFamilyPolicy": "RequireDualStack"})[0] == "RequireDualStack"


def test_who_prefers_two_families_is_not_changed_by_the_cluster() -> None:
    one = {
        "clusterIP": "10.0.0.1",
        "clusterIPs": ["10.0.0.1"],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "PreferDualStack",
    }
    assert is_settled(service(**one), service(**one))
    assert settled(one, DUAL, one) == ("PreferDualStack", ["IPv4"])
    assert not is_settled(service(**one), service(**one | {"ipFamilyPolicy": "SingleStack"}))
