"""Bodies that cannot be read: the one exception of the decoders, and the answers upstream gives for it.

Upstream tells two stages apart. Before the kind is known the answer is "the object provided is unrecognized (must be
of type Pod): <why> (<beginning of the body>)"; afterwards "Pod in version "v1" cannot be handled as a Pod: <why>".
Decoders only know <why>; the caller knows the rest.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.api.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUMMARY_BYTES = 30
_META_STRUCT = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


class Malformed(ValueError):
    """The bytes are not what their media type says; the text is upstream's reason."""


class Parsed(NamedTuple):
    """A decoded body."""

    value: Any
    """A JSON value."""
    duplicates: Sequence[str] = ()
    """One text per field given twice, as a Warning header shows it: `duplicate field "data.a"`."""
    strict: Sequence[str] = ()
    """The same as parts of a "strict decoding error: ..." message (YAML says all of its duplicates in one text)."""
    places: Mapping[str, int] = MappingProxyType({})
    """Offsets of fields in the body, by path, where some are given twice (JSON only)."""


def summarize(raw: bytes) -> str:
    """The beginning of a body, for a message: text if it looks like JSON, hexadecimal otherwise."""
    if not raw:
        return "<empty>"
    head = raw[:_SUMMARY_BYTES]
    more = " ..." if len(raw) > _SUMMARY_BYTES else ""
    return (head.decode("utf-8", "replace") if head[:1] == b"{" else head.hex()) + more


def unrecognized(kind: str, why: str, raw: bytes) -> BadRequest:
    """The answer to a body whose kind could not even be found out. `kind` is what the path expects."""
    return BadRequest(f"the object provided is unrecognized (must be of type {kind}): {why} ({summarize(raw)})")


def unhandled(actual_kind: str, actual_version: str, kind: str, why: str) -> BadRequest:
    """The answer to a body whose kind is known but that cannot become what the path expects. Version without its
    group.
    """
    return BadRequest(f'{actual_kind} in version "{actual_version}" cannot be handled as a {kind}: {why}')


def type_meta(value: Any) -> tuple[str, str]:
    """`(apiVersion, kind)` of a decoded body, empty where it says nothing. Raises Malformed if they cannot be read."""
    if value is None:
        return "", ""
    prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal "
    if not isinstance(value, dict):
        raise Malformed(f"{prefix}{go_kind(value)} into Go value of type {_META_STRUCT}")
    found = []
    for name in ("apiVersion", "kind"):
        text = value.get(name)
        if text is None:
            text = ""
        elif not isinstance(text, str):
            raise Malformed(f"{prefix}{go_kind(text)} into Go struct field .{name} of type string")
        found.append(text)
    if found[0].count("/") > 1:
        raise Malformed(f"unexpected GroupVersion string: {found[0]}")
    return found[0], found[1]


def go_kind(value: Any) -> str:
    """What Go's JSON decoder calls a value: array, object, string, number or bool."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"
