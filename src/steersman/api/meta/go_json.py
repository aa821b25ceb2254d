"""JSON inside strings (annotations, secret data), read as strictly as Go reads it, with Go's words for what is wrong.

Python's decoder takes NaN and Infinity, Go's does not. Source: encoding/json of Go's standard library.
"""

from __future__ import annotations

import json
from typing import Any, Never

_SYNTAX = (
    ("Expecting value", "looking for beginning of value"),
    ("Expecting property name", "looking for beginning of object key string"),
    ("Expecting ':'", "after object key"),
    ("Illegal trailing comma", "looking for beginning of value"),
    ("Extra data", "after top-level value"),
)
"""Where Python's decoder stops, and Go's words for it."""
_KINDS = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}


class GoJsonError(ValueError):
    """The text is no JSON; `str()` is what Go says."""


def loads(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda constant: _refuse(text, constant))
    except json.JSONDecodeError as error:
        raise GoJsonError(_syntax_error(error)) from None


def type_error(value: Any, type_name: str) -> str:
    """`value` was read where Go's `type_name` is wanted."""
    return f"json: cannot unmarshal {_KINDS.get(type(value), 'object')} into Go value of type {type_name}"


def _refuse(text: str, constant: str) -> Never:
    raise json.JSONDecodeError("Expecting value", text, text.index(constant))


def _syntax_error(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip(" \t\r\n")
    if not rest:
        return "unexpected end of JSON input"
    if error.msg.startswith("Expecting ','"):
        inside = error.doc.count("{", 0, error.pos) > error.doc.count("}", 0, error.pos)
        return f"invalid character '{rest[0]}' after {'object key:value pair' if inside else 'array element'}"
    place = next((words for start, words in _SYNTAX if error.msg.startswith(start)), "in string literal")
    return f"invalid character '{rest[0]}' {place}"
