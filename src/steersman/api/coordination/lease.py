"""Lease: who leads, or who is alive. Upstream differences: none known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.api.columns import AGE, at
from steersman.api.core.podspec.validation.common import each
from steersman.api.errors import FieldError, forbidden, invalid, not_supported
from steersman.api.meta.names import qualified_name
from steersman.api.resource import Column, Context, Resource, Scope, Strategy
from steersman.api.schema.builtin import schema

if TYPE_CHECKING:
    from datetime import datetime

    from steersman.api.meta.types import Object


def _drop_disabled(obj: Object, old: Object | None) -> None:
    """Coordinated leader election is off: its fields stay only where they are stored."""
    for name in ("strategy", "preferredHolder"):
        if at(old or {}, "spec", name) is None:
            (obj.get("spec") or {}).pop(name, None)


def _prepare_create(obj: Object, _ctx: Context) -> None:
    _drop_disabled(obj, None)


def _prepare_update(new: Object, old: Object, _ctx: Context) -> None:
    _drop_disabled(new, old)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = []
    duration_s, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if duration_s is not None and duration_s <= 0:
        errors.append(invalid("spec.leaseDurationSeconds", duration_s, "must be greater than 0"))
    if transitions is not None and transitions < 0:
        errors.append(invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"))
    strategy = spec.get("strategy")
    if strategy is not None:
        errors += _validate_strategy(strategy)
    if spec.get("preferredHolder") and not strategy:
        errors.append(forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"))
    return errors


def _validate_strategy(strategy: str) -> list[FieldError]:
    path = "spec.strategy.strategy"  # upstream's path names the field twice
    if "/" in strategy:
        return each(path, strategy, qualified_name(strategy))
    return [] if strategy == "OldestEmulationVersion" else [not_supported(path, strategy, ("OldestEmulationVersion",))]


def _holder(obj: Object, _now: datetime) -> str:
    return str(at(obj, "spec", "holderIdentity", default=""))


LEASES = Resource(
    group="coordination.k8s.io",
    version="v1",
    kind="Lease",
    plural="leases",
    singular="lease",
    scope=Scope.NAMESPACED,
    schema=schema("io.k8s.api.coordination.v1.Lease"),
    strategy=Strategy(
        prepare_create=_prepare_create,
        prepare_update=_prepare_update,
        validate=_validate,
        allow_create_on_update=True,
        allow_unconditional_update=False,
    ),
    columns=(Column("Holder", "string", _holder), AGE),
)
