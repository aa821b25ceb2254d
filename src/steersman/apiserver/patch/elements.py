"""Path elements: the steps of a field path, as text.

`f:<name>` is a field, `k:<JSON object>` the item of a list map with these keys, `v:<JSON value>` that item of a set,
`i:<n>` an item of an atomic list. The text is canonical (compact JSON, keys sorted), so equal text is equal meaning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from steersman.apiserver.patch.gotext import go_quote_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steersman.apiserver.patch.shape import Shape

ELEMENTS_MAX = 65_536
"""Path elements of list items remembered."""
_HTML_ESCAPES = (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


class TypedError(ValueError):
    """A value that does not fit its shape; `errors` are (path, message)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        lines = [f"{path}: {message}" if path else message for path, message in errors]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(["errors:", *(f"  {line}" for line in lines)]))


class FieldsError(ValueError):
    """FieldsV1 that nobody could have written."""


def path_text(path: Iterable[str]) -> str:
    """A path as messages name it: `.spec.containers[name="a"].image`, `.finalizers[="x"]`."""
    return "".join(map(element_text, path))


def element_text(element: str) -> str:
    """One path element as messages name it."""
    kind, text = element[0], element[2:]
    if kind == "f":
        return "." + text
    if kind == "k":
        keys = orjson.loads(text)
        return "[" + ",".join(f"{key}={go_quote_value(value)}" for key, value in keys.items()) + "]"
    return f"[={go_quote_value(orjson.loads(text))}]" if kind == "v" else f"[{text}]"


def item_element(shape: Shape, item: Any) -> str:
    """The path element of an item of a set or list map. Raises TypedError (path: none)."""
    if not shape.keys:
        return _set_element(item)
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise TypedError([("", f"associative list with keys may not have {what}")])
    keys = {}
    for key in shape.keys:
        if key in item:
            keys[key] = item[key]
        elif key in shape.key_defaults:
            keys[key] = shape.key_defaults[key]
    if not keys:
        names = "[" + " ".join(f'"{key}"' for key in shape.keys) + "]"
        message = (
            f"associative list with keys has an element that omits all key fields {names} "
            "(and doesn't have default values for any key fields)"
        )
        raise TypedError([("", message)])
    # Only text and integers are remembered: to a cache, 1, 1.0 and true are the same.
    for value in keys.values():
        if type(value) is not str and type(value) is not int:
            return "k:" + _json(keys)
    return _key_element(*keys.items())


@lru_cache(maxsize=ELEMENTS_MAX)
def _key_element(*keys: tuple[str, str | int]) -> str:
    return "k:" + _json(dict(keys))


def _set_element(item: Any) -> str:
    if isinstance(item, dict):
        raise TypedError([("", "associative list without keys has an element that's a map type")])
    if isinstance(item, list):
        raise TypedError([("", "not supported: associative list with lists as elements")])
    if item is None:
        raise TypedError([("", "associative list without keys has an element that's an explicit null")])
    return "v:" + _json(item)


def _json(value: Any) -> str:
    text = orjson.dumps(value).decode()
    # Go's encoder escapes what HTML could misread.
    for char, escape in _HTML_ESCAPES:
        if char in text:
            text = text.replace(char, escape)
    return text


def index_items(shape: Shape, items: Iterable[Any]) -> dict[str, list[Any]]:
    """Items of a set or list map by path element; more than one are duplicates. Raises TypedError."""
    found: dict[str, list[Any]] = {}
    for at, item in enumerate(items):
        try:
            element = item_element(shape, item)
        except TypedError as error:
            raise TypedError([("", f"element {at}: {error}")]) from None
        if element in found:
            found[element].append(item)
        else:
            found[element] = [item]
    return found


def in_order(elements: Iterable[str]) -> list[str]:
    """Path elements in upstream's order: the parent's own mark, fields, keys, values, indices."""
    order = sorted(elements)
    # Fields sort as text, and nearly all levels hold nothing else.
    if len(order) > 1 and order[-1] > "f:\U0010ffff":
        order.sort(key=_sort_key)
    return order


@lru_cache(maxsize=ELEMENTS_MAX)
def _sort_key(element: str) -> tuple[Any, ...]:
    kind, text = element[:1], element[2:]
    if kind == "k":
        return (2, *((name, _value_key(value)) for name, value in orjson.loads(text).items()))
    if kind == "v":
        return (3, _value_key(orjson.loads(text)))
    if kind == "i":
        return (4, int(text))
    return (0 if kind == "." else 1, element)


def _value_key(value: Any) -> tuple[Any, ...]:
    """Numbers, then text, then booleans, then the rest."""
    match value:
        case bool():
            return (2, value)
        case int() | float():
            return (0, value)
        case str():
            return (1, value)
        case _:
            return (3, _json(value))


@lru_cache(maxsize=ELEMENTS_MAX)
def parse_element(key: str) -> str:
    """The key as we would have written it; empty for a kind of path element nobody knows yet."""
    if len(key) < 2:
        raise FieldsError("key must be 2 characters long:")
    if key[1] != ":":
        raise FieldsError(f"missing colon: {key}")
    kind, text = key[0], key[2:]
    try:
        if kind == "f":
            return key
        if kind == "v":
            return "v:" + _json(orjson.loads(text))
        if kind == "k":
            keys = orjson.loads(text)
            if not isinstance(keys, dict):
                raise FieldsError(f"keys are an object: {key}")
            return "k:" + _json({name: keys[name] for name in sorted(keys)})
        return f"i:{int(text)}" if kind == "i" else ""
    except ValueError as error:
        raise FieldsError(str(error)) from error
