"""Values as Go prints them in errors (`%v`, `%T`, `%#v` of decoded JSON)."""

from __future__ import annotations

from typing import Any

from steersman.api.errors import go_quote


def go_map(value: Any) -> str:
    """`%v`: `map[a:1 b:[x y]]`, members sorted."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_map, value)) + "]"
    return _scalar(value)


def go_type(value: Any) -> str:
    """`%T`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "int64"
        case float():
            return "float64"
        case dict():
            return "map[string]interface {}"
        case _:
            return "[]interface {}"


def go_syntax(value: Any) -> str:
    """`%#v`: `map[string]interface {}{"a":1}`."""
    if isinstance(value, dict):
        inner = ", ".join(f"{go_quote(key)}:{go_syntax(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(go_syntax, value))}}}"
    if isinstance(value, str):
        return go_quote(value)
    return "interface {}(nil)" if value is None else _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def go_quote_value(value: Any) -> str:
    """A key's value in a field path: text quoted, the rest bare."""
    if isinstance(value, str):
        return go_quote(value)
    return "null" if value is None else go_map(value)
