"""How a library says what it adds: functions with their overloads, macros, and names of types.

A signature is written the way cel-go prints one: `string.(string) -> bool` for a method, `(string, string) -> bool`
for a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from steersman.cel import types

if TYPE_CHECKING:
    from steersman.cel.macros import Macros

Implementation = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function. `run` takes the receiver and the arguments, and raises EvaluationError."""

    id: str
    signature: str
    run: Implementation
    is_guarded: bool = True
    """Whether values are looked into before the call: the first element of a list has to have its type."""

    @property
    def form(self) -> Signature:
        """The signature, read."""
        return read_signature(self.signature)


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of an overload; of a method, the first parameter is the receiver."""

    is_member: bool
    params: tuple[types.Type, ...]
    result: types.Type
    is_generic: bool


Functions = Mapping[str, tuple[Overload, ...]]


@dataclass(frozen=True, slots=True)
class Library:
    """A group of declarations that is enabled as a whole."""

    name: str
    functions: Functions
    macros: Macros = field(default_factory=lambda: MappingProxyType({}))
    type_names: tuple[str, ...] = ()
    """Opaque types that an expression may name, as in `type(x) == net.IP`."""


@lru_cache(maxsize=2048)
def read_signature(text: str) -> Signature:
    """Raises ValueError for what is not a signature."""
    head, arrow, result = text.partition(" -> ")
    receiver, dot, args = ("", "", head) if head.startswith("(") else head.partition(".(")
    if not arrow:
        raise ValueError(f"not a signature: {text!r}")
    inner = args.strip("(") if dot else args[1:]
    params = types.parse_type(f"f({inner}").params if inner != ")" else ()
    if dot:
        params = (types.parse_type(receiver), *params)
    return Signature(bool(dot), params, types.parse_type(result), "<" in text)
