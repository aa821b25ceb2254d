"""Which IP families a Service has: what it asks for, what it had, and what the cluster offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.service_addresses import (
    FAMILIES,
    IPS,
    IPV4,
    IPV6,
    POLICY,
    PREFER_DUAL,
    REQUIRE_DUAL,
    SINGLE,
    family_of,
    validate_addresses,
)
from steersman.api.core.service_type import NONE, cluster_ips, needs_cluster_ip, spec_of, type_of
from steersman.api.errors import FieldError, Invalid, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steersman.api.meta.types import Object


def is_settled(new: Object, old: Object | None) -> bool:
    """A Service that prefers two families is not changed only because the cluster has gained or lost one."""
    if old is None or type_of(new) != type_of(old) or type_of(new) not in ("ClusterIP", "LoadBalancer", "NodePort"):
        return False
    spec, before = spec_of(new), spec_of(old)
    return (
        spec.get("ipFamilyPolicy") == PREFER_DUAL
        and before.get("ipFamilyPolicy") in (None, PREFER_DUAL)
        and cluster_ips(new) == cluster_ips(old)
        and _families(new) == _families(old)
    )


def settle_families(new: Object, old: Object | None, configured: Sequence[str]) -> None:
    """Fill ipFamilyPolicy and ipFamilies of `new`. `configured`: the cluster's families, its default first.

    Raises Invalid.
    """
    if not needs_cluster_ip(new) or is_settled(new, old):
        return
    spec = spec_of(new)
    before = spec_of(old) if old is not None else {}
    selectorless = spec.get("clusterIP") == NONE and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        inferred = REQUIRE_DUAL if selectorless else SINGLE
        spec["ipFamilyPolicy"] = before.get("ipFamilyPolicy") or inferred
    # What follows need not think of ill-formed values.
    _judge(new, validate_addresses(new, old))
    errors = _release_second(new, old) if old is not None else []
    errors += _check_policy(new)
    errors += _infer_families(new, configured)
    _judge(new, errors)
    dual = spec["ipFamilyPolicy"] != SINGLE
    if selectorless:
        # Its endpoints are its author's business, whatever the cluster has.
        families = _families(new) or [configured[0]]
        spec["ipFamilies"] = [*families, _other(families[0])] if dual and len(families) == 1 else families
        return
    _judge(new, _check_configured(new, configured))
    families = _families(new) or [configured[0]]
    if dual and len(families) == 1 and len(configured) == 2:
        families = [*families, _other(families[0])]
    spec["ipFamilies"] = families


def _families(service: Object) -> list[str]:
    families: list[str] = spec_of(service).get("ipFamilies") or []
    return families


def _other(family: str) -> str:
    return IPV6 if family == IPV4 else IPV4


def _judge(service: Object, errors: list[FieldError]) -> None:
    if errors:
        raise Invalid.of("", "Service", service["metadata"].get("name") or "", errors)


def _release_second(new: Object, old: Object) -> list[FieldError]:
    """The policy SingleStack says clearly that the second address and family go; without it, losing them is wrong."""
    spec = spec_of(new)
    policy, ips, families = spec["ipFamilyPolicy"], cluster_ips(new), _families(new)
    if policy == SINGLE:
        if ips == cluster_ips(old) and len(ips) > 1:
            spec["clusterIPs"] = ips[:1]
        if families == _families(old) and len(families) > 1:
            spec["ipFamilies"] = families[:1]
        return []
    errors = []
    if 0 < len(ips) < len(cluster_ips(old)):
        errors.append(invalid(POLICY, policy, "must be 'SingleStack' to release the secondary cluster IP"))
    if 0 < len(families) < len(_families(old)):
        errors.append(invalid(POLICY, policy, "must be 'SingleStack' to release the secondary IP family"))
    return errors


def _check_policy(service: Object) -> list[FieldError]:
    policy = spec_of(service)["ipFamilyPolicy"]
    if policy != SINGLE:
        return []
    detail = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    errors = []
    if len(cluster_ips(service)) == 2:
        errors.append(invalid(POLICY, policy, detail.format("cluster IPs")))
    if len(_families(service)) == 2:
        errors.append(invalid(POLICY, policy, detail.format("IP families")))
    return errors


def _infer_families(service: Object, configured: Sequence[str]) -> list[FieldError]:
    """An address that is asked for says its family."""
    errors = []
    families, ips = list(_families(service)), cluster_ips(service)
    for index, address in enumerate(ips):
        if address == NONE:
            break
        if index < len(families):
            continue
        family = family_of(address)
        if family in configured:
            families.append(family)
        else:
            errors.append(invalid(f"{IPS}[{index}]", ips, f"{family} is not configured on this cluster"))
    if families:
        spec_of(service)["ipFamilies"] = families
    return errors


def _check_configured(service: Object, configured: Sequence[str]) -> list[FieldError]:
    errors = []
    policy = spec_of(service)["ipFamilyPolicy"]
    if policy == REQUIRE_DUAL and len(configured) < 2:
        errors.append(invalid(POLICY, policy, "this cluster is not configured for dual-stack services"))
    for index, family in enumerate(_families(service)):
        if family not in configured:
            errors.append(invalid(f"{FAMILIES}[{index}]", family, "not configured on this cluster"))
    return errors
