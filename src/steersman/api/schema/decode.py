"""decode: a request's value becomes an object in Go's normal form, or a DecodeError in upstream's words.

Normal form is what upstream's typed round trip through Go structs leaves: unknown fields pruned, plain fields without
omitempty present with their zero value, zero values of omitempty fields gone, null the same as absent, quantities,
times and bytes in canonical form, declared defaults applied. Decoding a decoded object changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from steersman.api.schema.custom import decode_custom
from steersman.api.schema.generate import Irregular, struct_decoder
from steersman.api.schema.interpret import DecodeError, Walk

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

__all__ = ["DecodeError", "Decoded", "decode", "interpret"]


class Decoded(NamedTuple):
    """What decoding made: a fresh `object`, and the strict paths of fields that its type does not have."""

    object: Object
    unknown: list[str]


_USES_BEFORE_COMPILING: Final = 3
"""Compiling costs as much as interpreting a hundred objects, and most kinds are met once or twice at boot."""


def decode(type_: Type, value: Any) -> Decoded:
    """Decode a JSON value, which is left as it is. Raises DecodeError."""
    if type_.custom:
        return Decoded(*decode_custom(type_, value))
    compiled = type_.compiled
    if compiled is None and type_.form == "struct":
        type_.uses += 1
        if type_.uses > _USES_BEFORE_COMPILING:
            compiled = struct_decoder(type_)
    try:
        if compiled is not None:
            try:
                return Decoded(compiled(value), [])
            except (Irregular, ValueError):
                pass  # the interpreter finds out what is wrong, and where
        return interpret(type_, value)
    except RecursionError:
        raise DecodeError("exceeded max depth") from None


def interpret(type_: Type, value: Any) -> Decoded:
    """What `decode` answers, without generated code."""
    walk = Walk()
    return Decoded(walk.run(type_, value), walk.unknown)
