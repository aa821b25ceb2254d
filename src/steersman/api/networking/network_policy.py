"""NetworkPolicy: what traffic pods accept and send.

Invariants: CIDRs and selector values that older rules let in may stay. Upstream differences: none known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each
from steersman.api.core.workload import compiled
from steersman.api.errors import FieldError, forbidden, invalid, not_supported, required
from steersman.api.meta.addresses import cidr_warnings, parse_cidr_sloppy, valid_cidr_legacy
from steersman.api.meta.label_selector import validate_selector
from steersman.api.meta.names import port_name, port_number
from steersman.api.resource import Column, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from steersman.api.meta.types import Object

_DIRECTIONS = (("ingress", "from"), ("egress", "to"))
"""Field of the rules, and of the peers in a rule."""


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    for direction, _ in _DIRECTIONS:
        for rule in spec.get(direction) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _blocks(obj: Object) -> Iterator[tuple[Object, str]]:
    """All IP blocks, with their paths."""
    for direction, peers in _DIRECTIONS:
        for index, rule in enumerate(at(obj, "spec", direction, default=())):
            for position, peer in enumerate(rule.get(peers) or ()):
                if peer.get("ipBlock") is not None:
                    yield peer["ipBlock"], f"spec.{direction}[{index}].{peers}[{position}].ipBlock"


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj, (), any_label_value=False)


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    known = [text for block, _ in _blocks(old) for text in (block.get("cidr", ""), *(block.get("except") or ()))]
    stored = validate_selector(at(old, "spec", "podSelector", default={}), "")
    return _validate_spec(new, known, any_label_value=bool(stored))


def _validate_spec(obj: Object, known: Collection[str], *, any_label_value: bool) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = validate_selector(spec.get("podSelector") or {}, "spec.podSelector", allow_invalid_values=any_label_value)
    missing: list[FieldError] = []
    for direction, peers in _DIRECTIONS:
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for position, port in enumerate(rule.get("ports") or ()):
                errors += _validate_port(port, f"{path}.ports[{position}]")
            for position, peer in enumerate(rule.get(peers) or ()):
                peer_path = f"{path}.{peers}[{position}]"
                errors += _validate_peer(peer, peer_path, known, any_label_value=any_label_value)
                if peer.get("ipBlock") is not None and not peer["ipBlock"].get("cidr"):
                    missing.append(required(f"{peer_path}.ipBlock.cidr"))
    types = spec.get("policyTypes") or []
    if len(types) > 2:
        errors.append(invalid("spec.policyTypes", types, "may not specify more than two policyTypes"))
        return errors + missing
    for index, kind in enumerate(types):
        if kind not in ("Ingress", "Egress"):
            errors.append(not_supported(f"spec.policyTypes[{index}]", kind, ("Ingress", "Egress")))
    return errors + missing


def _validate_port(port: Object, path: str) -> list[FieldError]:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    errors = []
    if protocol is not None and protocol not in ("TCP", "UDP", "SCTP"):
        errors.append(not_supported(f"{path}.protocol", protocol, ("TCP", "UDP", "SCTP")))
    if isinstance(number, int):
        errors += each(f"{path}.port", number, port_number(number))
        if end is not None:
            if end < number:
                errors.append(invalid(f"{path}.endPort", end, "must be greater than or equal to `port`"))
            errors += each(f"{path}.endPort", end, port_number(end))
        return errors
    if end is not None:
        state = "not specified" if number is None else "non-numeric"
        errors.append(invalid(f"{path}.endPort", end, f"may not be specified when `port` is {state}"))
    return errors if number is None else errors + each(f"{path}.port", number, port_name(number))


def _validate_peer(peer: Object, path: str, known: Collection[str], *, any_label_value: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    given = 0
    for name in ("podSelector", "namespaceSelector"):
        if peer.get(name) is not None:
            given += 1
            errors += validate_selector(peer[name], f"{path}.{name}", allow_invalid_values=any_label_value)
    block = peer.get("ipBlock")
    if block is not None:
        given += 1
        errors += _validate_block(block, f"{path}.ipBlock", known)
    if not given:
        errors.append(required(path, "must specify a peer"))
    elif given > 1 and block is not None:
        errors.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return errors


def _validate_block(block: Object, path: str, known: Collection[str]) -> list[FieldError]:
    cidr = block.get("cidr") or ""
    if not cidr:
        return []
    errors = valid_cidr_legacy(f"{path}.cidr", cidr, old=known)
    whole = parse_cidr_sloppy(cidr)
    if whole is None:
        return errors
    for index, text in enumerate(block.get("except") or ()):
        errors += valid_cidr_legacy(f"{path}.except[{index}]", text, old=known)
        part = parse_cidr_sloppy(text)
        if part is None:
            continue
        if part[1].network_address not in whole[1] or whole[1].prefixlen >= part[1].prefixlen:
            errors.append(invalid(f"{path}.except[{index}]", text, "must be a strict subset of `cidr`"))
    return errors


def _warnings(new: Object, _old: Object | None) -> list[str]:
    warnings: list[str] = []
    for block, path in _blocks(new):
        warnings += cidr_warnings(f"{path}.cidr", block.get("cidr", ""))
        for index, text in enumerate(block.get("except") or ()):
            warnings += cidr_warnings(f"{path}.except[{index}]", text)
    return warnings


def _pod_selector(obj: Object, _now: datetime) -> str:
    selector = compiled(at(obj, "spec", "podSelector", default={}))
    return "<error>" if selector is None else str(selector) or "<none>"


NETWORK_POLICIES = Resource(
    group="networking.k8s.io",
    version="v1",
    kind="NetworkPolicy",
    plural="networkpolicies",
    singular="networkpolicy",
    short_names=("netpol",),
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.networking.v1.NetworkPolicy"),
    strategy=Strategy(
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        warnings=_warnings,
        has_generation=True,
    ),
    columns=(Column("Pod-Selector", "string", _pod_selector), AGE),
)
