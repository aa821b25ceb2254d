"""decode: a request's value becomes an object in Go's normal form, or a DecodeError in upstream's words.

Normal form is what upstream's typed round trip through Go structs leaves: unknown fields pruned, plain fields without
omitempty present with their zero value, zero values of omitempty fields gone, null the same as absent, quantities, times and
bytes in canonical form, declared defaults applied. Decoding a decoded object changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.api.schema.interpret import DecodeError, Walk

if TYPE_CHECKING:
    from steersman.api.meta.types import Object
    from steersman.api.schema.model import Type

__all__ = ["DecodeError", "Decoded", "decode"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What decoding made: a fresh `object`, and the strict paths of fields that its type does not have."""

    object: Object
    unknown: list[str]


def decode(type_: Type, value: Any) -> Decoded:
    """Decode a JSON value, which is left as it is. Raises DecodeError."""
    walk = Walk()
    return Decoded(walk.run(type_, value), walk.unknown)
