"""Selectors in CEL: `device.driver`, `device.attributes[domain].name`, `device.capacity[domain].name`. Pure.

Attributes and capacities without a domain are in that of the driver. A domain of which a device has nothing is an empty
map. What an expression says has to be a bool, or something of which nobody knows before it is asked.
Upstream: k8s.io/dynamic-resource-allocation/cel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from steersman.cel import types
from steersman.cel.errors import CelError, EvaluationError
from steersman.cel.libraries.catalog import DEVICES
from steersman.cel.libraries.quantity import Quantity
from steersman.cel.libraries.semver import Semver
from steersman.cel.program import Environment, compile_
from steersman.scheduler.devices.selectors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.meta.types import Object
    from steersman.scheduler.devices.model import Device
    from steersman.scheduler.devices.selectors import Predicate

COST_MAX = 1_000_000
COMPILED_MAX = 1000
"""Expressions that are kept compiled."""
_ANY = types.map_of(types.STRING, types.map_of(types.STRING, types.DYN))
_QUANTITIES = types.map_of(types.STRING, types.map_of(types.STRING, types.opaque("kubernetes.Quantity")))
DEVICE = types.object_of(
    "kubernetes.DRADevice",
    {"driver": types.STRING, "allowMultipleAllocations": types.BOOL, "attributes": _ANY, "capacity": _QUANTITIES},
)
_HINT = (
    "consider using CEL optional chaining (.? followed by orValue()) "
    "or guarding the check with has() for optional fields"
)


class _Domains(dict[str, dict[str, Any]]):
    """One that is not there is empty."""

    def __missing__(self, _domain: str) -> dict[str, Any]:
        return {}


def compiler() -> Callable[[str], Predicate]:
    """Makes predicates of expressions, and keeps them; see Selectors."""
    environment = Environment({"device": DEVICE}, libraries=DEVICES)

    @lru_cache(maxsize=COMPILED_MAX)
    def compiled(expression: str) -> Predicate:
        return compile_selector(expression, environment)

    return compiled


def compile_selector(expression: str, environment: Environment) -> Predicate:
    """Raises ExpressionError, and so does what it gives."""
    try:
        program = compile_(expression, environment)
    except CelError as error:
        raise ExpressionError(f"compilation failed: {error}", compiling=True) from error
    if program.result not in (types.BOOL, types.DYN):
        what = f"must evaluate to bool or the unknown type, not {program.result}"
        raise ExpressionError(what, compiling=True)

    def matches(device: Device) -> bool:
        try:
            said = program.evaluate({"device": view_of(device)}, cost_limit=COST_MAX)
        except EvaluationError as error:
            hint = f". {_HINT}" if "no such key:" in str(error) else ""
            raise ExpressionError(f"{error}{hint}") from error
        if not isinstance(said, bool):
            kind = type(said).__name__
            raise ExpressionError(f"CEL result of type {kind} could not be converted to bool: unsupported type")
        return said

    return matches


def view_of(device: Device) -> Object:
    """A device as expressions see it. Raises ExpressionError for one with attributes that mean nothing."""
    if device.view is None:
        device.view = {
            "driver": device.id.driver,
            "allowMultipleAllocations": device.shared,
            "attributes": _by_domain(device, "attributes", _attribute),
            "capacity": _by_domain(device, "capacity", lambda spec: Quantity.parse(spec.get("value") or "0")),
        }
    return device.view


def _by_domain(device: Device, field: str, value_of: Callable[[Object], Any]) -> _Domains:
    found = _Domains()
    for name, spec in (device.spec.get(field) or {}).items():
        domain, slash, plain = name.partition("/")
        if not slash:
            domain, plain = device.id.driver, name
        try:
            value = value_of(spec)
        except ValueError as error:
            raise ExpressionError(f"{field.removesuffix('s')} {name}: {error}") from error
        found.setdefault(domain, {})[plain] = value
    return found


def _attribute(spec: Object) -> Any:
    for kind in ("int", "bool", "string"):
        if spec.get(kind) is not None:
            return spec[kind]
    if spec.get("version") is None:
        raise ValueError("unsupported attribute value")
    try:
        return Semver.parse(spec["version"])
    except ValueError as error:
        raise ValueError(f"parse semantic version: {error}") from error
