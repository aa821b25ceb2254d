"""Decoders generated from Types: one Python function per struct, for values that are as they should be.

A generated decoder takes a JSON object and returns a fresh one in normal form. It knows no paths and no error texts:
whatever is irregular (a wrong type, an unknown field, a null element, a quantity that cannot be parsed) raises
Irregular or ValueError, and `decode` asks the interpreter instead, which must agree with it on everything else.
Functions are compiled when first called: most types of a Pod are never met.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from steersman.api.schema import scalars
from steersman.api.schema.interpret import (
    ALWAYS_PRESENT,
    GO_JSON,
    Walk,
    canonical_quantity,
    copy_json,
    go_json,
    go_number,
)
from steersman.api.schema.model import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from steersman.api.schema.model import Field, Form, Type

Decoder = Any  # a function of one value
_LIMITS: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_CLASSES: Final = {"string": "str", "bool": "bool", "int32": "int", "int64": "int"}
_ZERO_TEXT: Final = {"string": '""', "bool": "False", "int32": "0", "int64": "0", "number": "0"}

_time = lru_cache(maxsize=1024)(scalars.canonical_time)
_microtime = lru_cache(maxsize=256)(scalars.canonical_microtime)

_NOT_NULL: Final = "if v is not None:"


class Irregular(Exception):
    """The value is not as the generated decoder expects."""


def struct_decoder(type_: Type) -> Decoder:
    """The generated decoder of a struct type; made once."""
    if type_.compiled is None:
        type_.compiled = _compile(type_)
    return type_.compiled


def _compile(type_: Type) -> Decoder:
    space: dict[str, Any] = {"Irregular": Irregular, "known": frozenset(type_.fields).issuperset, "copy": copy_json}
    body = []
    for number, (key, field) in enumerate(type_.fields.items()):
        body += _field(key, field, f"f{number}", space)
    lines = [
        "def decode(o):",
        "    if o.__class__ is not dict or not known(o):",
        "        raise Irregular",
        "    r = {}",
    ]
    lines += ["    " + line for line in body] + ["    return r"]
    exec(compile("\n".join(lines), f"<decoder of {type_.name}>", "exec"), space)  # noqa: S102 - our own text
    return space["decode"]


def _field(key: str, field: Field, name: str, space: dict[str, Any]) -> list[str]:
    """Source lines that move one field from `o` to `r`."""
    absent = _absent_text(field, name, space)
    store = f"r[{key!r}] = "
    lines = [f"if {key!r} in o:", f"    v = o[{key!r}]"]
    check, made = _checked(field.type, name, space)
    kept = _kept(field, store, made, absent)
    lines += [f"    {line}" for line in check] + [f"        {line}" for line in kept]
    if check[0] != _NOT_NULL:
        lines += (
            ["    elif v is None:", f"        {store}{absent}"] if absent else ["    elif v is None:", "        pass"]
        )
        lines += ["    else:", "        raise Irregular"]
    elif absent:
        lines += ["    else:", f"        {store}{absent}"]
    if absent:
        lines += ["else:", f"    {store}{absent}"]
    return lines


def _absent_text(field: Field, name: str, space: dict[str, Any]) -> str:
    """The expression for a field that is not given; empty where it just stays away."""
    walk = Walk()
    value = walk.absent(field)
    if value is ABSENT:
        return ""
    if value.__class__ in (dict, list) and value:
        space[f"{name}z"] = value
        return f"copy({name}z)"
    return repr(value)


def _checked(type_: Type, name: str, space: dict[str, Any]) -> tuple[list[str], str]:
    """Lines that open the block for a good `v`, and the expression of what it becomes."""
    form = type_.form
    if form in _CLASSES:
        test = f"v.__class__ is {_CLASSES[form]}"
        if form in _LIMITS:
            low, high = _LIMITS[form]
            test += f" and {low} <= v <= {high}"
        return [f"if {test}:"], "v"
    if form not in {"list", "map"}:
        space[name] = decoder_of(type_, space, name)
        return [_NOT_NULL], f"{name}(v)"
    assert type_.element is not None
    check = [f"if v.__class__ is {'list' if form == 'list' else 'dict'}:"]
    if type_.element.form == "string":
        check += [f"    for x in {'v' if form == 'list' else 'v.values()'}:", "        if x.__class__ is not str:"]
        return [*check, "            raise Irregular"], "v.copy()"
    space[name] = decoder_of(type_.element, space, name)
    return check, f"[{name}(x) for x in v]" if form == "list" else f"{{k: {name}(x) for k, x in v.items()}}"


def _kept(field: Field, store: str, made: str, absent: str) -> list[str]:
    """Lines that keep what was decoded; a zero value may leave the wire or make room for the default."""
    form = field.type.form
    if field.pointer or (form in ALWAYS_PRESENT and not field.omitzero):
        return [store + made]
    if form in ALWAYS_PRESENT:
        return [f"w = {made}", "if w is not None:", f"    {store}w"]
    given = "v" if form in _CLASSES or form in {"list", "map"} else "w"
    lines = [] if given == "v" else [f"w = {made}"]
    value = made if given == "v" else "w"
    if field.default is not ABSENT:
        return [*lines, f"{store}{value} if {given} else {absent}"]
    if field.omitempty or field.omitzero:
        return [*lines, f"if {given}:", f"    {store}{value}"]
    return [*lines, store + value]


def decoder_of(type_: Type, space: dict[str, Any] | None = None, name: str = "") -> Decoder:
    """A function that decodes one value that is not null. A struct's is compiled, and put in its place, at the first
    call.
    """
    if type_.form == "struct":
        if type_.compiled is not None:
            return type_.compiled

        def first(value: Any) -> Any:
            made = struct_decoder(type_)
            if space is not None:
                space[name] = made
            return made(value)

        return first
    if type_.form in {"list", "map", "union"}:
        assert type_.element is not None
        makers: dict[Form, Callable[[Type, Decoder, Any], Any]] = {"list": _list, "map": _map, "union": _union}
        return partial(makers[type_.form], type_, decoder_of(type_.element))
    if type_.name.endswith(".FieldsV1"):
        return _fields
    return _json if type_.go_name == GO_JSON else _SCALARS[type_.form]


def _list(_: Type, element: Decoder, value: Any) -> Any:
    if value.__class__ is not list:
        raise Irregular
    return [element(item) for item in value]


def _map(_: Type, element: Decoder, value: Any) -> Any:
    if value.__class__ is not dict:
        raise Irregular
    return {key: element(item) for key, item in value.items()}


def _union(type_: Type, element: Decoder, value: Any) -> Any:
    if value.__class__ is bool and "bool" in type_.alternatives:
        return value
    return element(value)


def _of_class(wanted: type, value: Any) -> Any:
    if value.__class__ is not wanted:
        raise Irregular
    return value


def _ranged(form: str, value: Any) -> Any:
    low, high = _LIMITS[form]
    if value.__class__ is not int or not low <= value <= high:
        raise Irregular
    return value


def _number(value: Any) -> Any:
    if value.__class__ is not int and value.__class__ is not float:
        raise Irregular
    return go_number(value)


def _text(parse: Callable[[str], str | None], value: Any) -> Any:
    if value.__class__ is not str:
        raise Irregular
    return parse(value)


def _int_or_string(value: Any) -> Any:
    return value if value.__class__ is str else _ranged("int32", value)


def _any(value: Any) -> Any:
    if value is None:
        raise Irregular
    return copy_json(value)


def _fields(value: Any) -> Any:
    """Sets of fields are large, and nobody changes one: they are shared, not copied."""
    if value is None:
        raise Irregular
    return value


def _json(value: Any) -> Any:
    if value is None:
        raise Irregular
    return go_json(value)


_SCALARS: dict[str, Decoder] = {
    "string": partial(_of_class, str),
    "bool": partial(_of_class, bool),
    "int32": partial(_ranged, "int32"),
    "int64": partial(_ranged, "int64"),
    "number": _number,
    "bytes": partial(_text, scalars.canonical_base64),
    "quantity": partial(_text, canonical_quantity),
    "time": partial(_text, _time),
    "microtime": partial(_text, _microtime),
    "duration": partial(_text, scalars.canonical_duration),
    "int-or-string": _int_or_string,
    "any": _any,
}
