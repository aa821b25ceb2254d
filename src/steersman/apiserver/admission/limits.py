"""The bounds of one LimitRange item, and what is said about amounts that are out of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.meta.quantity import ZERO, Quantity, parse

if TYPE_CHECKING:
    from steersman.api.core.pod_resources import Amounts
    from steersman.api.meta.types import Object

_MILLI_MAX = (2**63 - 1) // 1000
"""Up to here upstream compares thousandths, above it whole numbers."""
_Named = tuple[tuple[str, Quantity], ...]


class Bounds(NamedTuple):
    """By resource, in the order of the names."""

    type: str
    min: _Named
    max: _Named
    ratio: _Named


def compile_bounds(item: Object) -> Bounds:
    """`item`: of spec.limits."""
    return Bounds(
        item.get("type") or "", _named(item, "min"), _named(item, "max"), _named(item, "maxLimitRequestRatio")
    )


def _named(item: Object, field: str) -> _Named:
    return tuple((name, parse(amount)) for name, amount in sorted((item.get(field) or {}).items()))


def violations(bounds: Bounds, requests: Amounts, limits: Amounts) -> list[str]:
    """What is wrong with a container or a pod."""
    texts = [_below_min(bounds.type, name, least, requests, limits) for name, least in bounds.min]
    texts += [_above_max(bounds.type, name, most, requests, limits) for name, most in bounds.max]
    texts += [_above_ratio(bounds.type, name, most, requests, limits) for name, most in bounds.ratio]
    return [text for text in texts if text]


def claim_violations(bounds: Bounds, requests: Amounts) -> list[str]:
    """What is wrong with a claim, which has requests only."""
    texts = [_below_min(bounds.type, name, least, requests, {}) for name, least in bounds.min]
    for name, most in bounds.max:
        request = requests.get(name)
        if request is None:
            texts.append(f"maximum {name} usage per {bounds.type} is {most}.  No request is specified")
        elif _compare(request, most) > 0:
            texts.append(f"maximum {name} usage per {bounds.type} is {most}, but request is {request}")
    return [text for text in texts if text]


def _below_min(kind: str, name: str, least: Quantity, requests: Amounts, limits: Amounts) -> str:
    request, limit = requests.get(name), limits.get(name)
    if request is None:
        return f"minimum {name} usage per {kind} is {least}.  No request is specified"
    if _compare(request, least, limit) < 0:
        return f"minimum {name} usage per {kind} is {least}, but request is {request}"
    if limit is not None and _compare(limit, least, request) < 0:
        return f"minimum {name} usage per {kind} is {least}, but limit is {limit}"
    return ""


def _above_max(kind: str, name: str, most: Quantity, requests: Amounts, limits: Amounts) -> str:
    request, limit = requests.get(name), limits.get(name)
    if limit is None:
        return f"maximum {name} usage per {kind} is {most}.  No limit is specified"
    if _compare(limit, most, request) > 0:
        return f"maximum {name} usage per {kind} is {most}, but limit is {limit}"
    if request is not None and _compare(request, most, limit) > 0:
        return f"maximum {name} usage per {kind} is {most}, but request is {request}"
    return ""


def _above_ratio(kind: str, name: str, most: Quantity, requests: Amounts, limits: Amounts) -> str:
    request, limit = requests.get(name), limits.get(name)
    what = f"{name} max limit to request ratio per {kind} is {most}"
    precise = all(amount is None or amount.value() <= _MILLI_MAX for amount in (request, limit, most))
    wanted = _value(request or ZERO, precise)
    allowed = _value(limit or ZERO, precise)
    if not wanted:
        return f"{what}, but no request is specified or request is 0"
    if not allowed:
        return f"{what}, but no limit is specified or limit is 0"
    ratio = allowed / wanted
    exceeded = ratio * 1000 > most.milli_value() if most.value() <= _MILLI_MAX else ratio > most.value()
    return f"{what}, but provided ratio is {ratio:.6f}" if exceeded else ""


def _compare(amount: Quantity, bound: Quantity, other: Quantity | None = None) -> int:
    """As upstream: in thousandths while all numbers that it looks at fit, in whole numbers otherwise."""
    precise = all(found is None or found.value() <= _MILLI_MAX for found in (amount, bound, other))
    return _value(amount, precise) - _value(bound, precise)


def _value(amount: Quantity, precise: bool) -> int:
    return amount.milli_value() if precise else amount.value()
