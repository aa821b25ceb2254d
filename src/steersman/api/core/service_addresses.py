"""The fields of a Service that are about its addresses, judged together: clusterIP, clusterIPs, ipFamilies,
ipFamilyPolicy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.core.service_type import NONE, cluster_ips, is_headless, needs_cluster_ip, spec_of
from steersman.api.errors import FieldError, duplicate, invalid, not_supported, required
from steersman.api.meta.addresses import parse_ip_sloppy, valid_ip_legacy

if TYPE_CHECKING:
    from steersman.api.meta.types import Object

IPS, FAMILIES, POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"
IPV4, IPV6 = "IPv4", "IPv6"
SINGLE, PREFER_DUAL, REQUIRE_DUAL = "SingleStack", "PreferDualStack", "RequireDualStack"
_UNCHANGEABLE = "may not change once set"


def family_of(address: str) -> str:
    """Of a valid address, read sloppily."""
    parsed = parse_ip_sloppy(address)
    return "unknown" if parsed is None else IPV4 if parsed.version == 4 else IPV6


def validate_addresses(service: Object, old: Object | None) -> list[FieldError]:
    """Called by allocation before it decides anything, and again by validation."""
    if not needs_cluster_ip(service):
        return []
    spec, ips = spec_of(service), cluster_ips(service)
    errors = _validate_singular(spec.get("clusterIP") or "", ips)
    errors += _validate_families(spec)
    wrong: list[FieldError] = []
    known = cluster_ips(old) if old is not None else ()
    for index, address in enumerate(ips):
        if index == 0 and address == NONE:
            if len(ips) > 1:
                wrong.append(invalid(IPS, ips, "'None' must be the first and only value"))
            continue
        wrong += valid_ip_legacy(f"{IPS}[{index}]", address, old=known)
    errors += wrong
    if len(ips) > 2:
        errors.append(invalid(IPS, ips, "may only hold up to 2 values"))
    if wrong:
        # What follows would name wrong indices and families.
        return errors
    families = [family_of(address) for address in ips]
    if len(ips) > 1 and not (len(ips) == 2 and len(set(families)) == 2):
        errors.append(invalid(IPS, ips, "may specify no more than one IP for each IP family"))
    if not is_headless(service):
        for index, (asked, found) in enumerate(zip(spec.get("ipFamilies") or (), families, strict=False)):
            if asked in (IPV4, IPV6) and (asked == IPV6) != (found == IPV6):
                detail = f"expected an {asked} value as indicated by `ipFamilies[{index}]`"
                errors.append(invalid(f"{IPS}[{index}]", ips[index], detail))
    return errors


def _validate_singular(singular: str, ips: list[str]) -> list[FieldError]:
    if not singular:
        return [invalid(IPS, ips, "must be empty when `clusterIP` is not specified")] if ips else []
    if not ips:
        return [required(IPS)]
    return [] if ips[0] == singular else [invalid(IPS, ips, "first value must match `clusterIP`")]


def _validate_families(spec: Object) -> list[FieldError]:
    errors = []
    families = spec.get("ipFamilies") or []
    for index, family in enumerate(families):
        if family not in (IPV4, IPV6):
            errors.append(not_supported(f"{FAMILIES}[{index}]", family, (IPV4, IPV6)))
        if family in families[:index]:
            errors.append(duplicate(f"{FAMILIES}[{index}]", family))
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in (SINGLE, PREFER_DUAL, REQUIRE_DUAL):
        errors.append(not_supported(POLICY, policy, (PREFER_DUAL, REQUIRE_DUAL, SINGLE)))
    return errors


def validate_address_changes(new: Object, old: Object) -> list[FieldError]:
    """A second address or family may come and go; the first stays, unless from or to ExternalName."""
    if not needs_cluster_ip(new) or not needs_cluster_ip(old):
        return []
    return _validate_ip_changes(new, old) + _validate_family_changes(new, old)


def _validate_ip_changes(new: Object, old: Object) -> list[FieldError]:
    if is_headless(old) and is_headless(new):
        return []
    ips, before = cluster_ips(new), cluster_ips(old)
    shown = ips or None
    if len(ips) == len(before):
        return [
            invalid(f"{IPS}[{index}]", shown, _UNCHANGEABLE)
            for index, (address, was) in enumerate(zip(ips, before, strict=True))
            if address != was
        ]
    errors = []
    if not ips:
        errors.append(invalid(f"{IPS}[0]", shown, "primary clusterIP can not be unset"))
    if ips and before and ips[0] != before[0]:
        errors.append(invalid(f"{IPS}[0]", shown, _UNCHANGEABLE))
    policy = spec_of(new).get("ipFamilyPolicy")
    if len(before) > len(ips) == 1 and policy != SINGLE:
        errors.append(invalid(POLICY, policy, "must be set to 'SingleStack' when releasing the secondary clusterIP"))
    return errors


def _validate_family_changes(new: Object, old: Object) -> list[FieldError]:
    if is_headless(new) or is_headless(old):
        return []
    families, before = spec_of(new).get("ipFamilies") or [], spec_of(old).get("ipFamilies") or []
    first = f"{FAMILIES}[0]"
    if len(families) == len(before):
        changed = [was for family, was in zip(families, before, strict=True) if family != was]
        return [invalid(first, families, _UNCHANGEABLE) for _ in changed]
    errors = []
    if len(before) > len(families) and not cluster_ips(new):
        errors.append(invalid(first, families or None, "primary ipFamily can not be unset"))
    if families and before and families[0] != before[0]:
        # Upstream shows the addresses here, not the families.
        errors.append(invalid(first, cluster_ips(new) or None, _UNCHANGEABLE))
    policy = spec_of(new).get("ipFamilyPolicy")
    if len(before) > len(families) == 1 and policy != SINGLE:
        errors.append(invalid(POLICY, policy, "must be set to 'SingleStack' when releasing the secondary ipFamily"))
    return errors
