"""One ResourceQuota as its status says it stands, and the arithmetic of charging it. Pure.

Usage counts against status.hard: what the quota's controller has seen of the specification and measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steersman.api.core.pod_resources import Amounts, amounts
from steersman.api.meta.quantity import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.api.meta.types import Object


class Scope(NamedTuple):
    """Which objects a quota is about. `operator`: In, NotIn, Exists, DoesNotExist."""

    name: str
    operator: str = "Exists"
    values: tuple[str, ...] = ()


class Quota(NamedTuple):
    """What admission needs of a ResourceQuota."""

    name: str
    hard: Amounts
    used: Amounts
    scopes: tuple[Scope, ...]


def compile_quota(obj: Object) -> Quota:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    scopes = [Scope(name) for name in spec.get("scopes") or ()]
    for expression in (spec.get("scopeSelector") or {}).get("matchExpressions") or ():
        values = tuple(expression.get("values") or ())
        scopes.append(Scope(expression.get("scopeName", ""), expression.get("operator", ""), values))
    return Quota(obj["metadata"]["name"], amounts(status.get("hard")), amounts(status.get("used")), tuple(scopes))


def excess(name: str, hard: Amounts, used: Amounts, requested: Amounts) -> str:
    """What a request is told that would exceed a quota, of the resources that it exceeds; empty if it fits."""
    exceeded = sorted(
        resource
        for resource, amount in requested.items()
        if resource in hard and used.get(resource, ZERO) + amount > hard[resource]
    )
    if not exceeded:
        return ""
    wanted = _listed(requested, exceeded)
    return (
        f"exceeded quota: {name}, requested: {wanted}, used: {_listed(used, exceeded)}, "
        f"limited: {_listed(hard, exceeded)}"
    )


def _listed(found: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={found[name]}" for name in names if name in found)


def difference(after: Amounts, before: Amounts) -> Amounts:
    """What an object uses more than before."""
    return {name: amount - before[name] if name in before else amount for name, amount in after.items()}
