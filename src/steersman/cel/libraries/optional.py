"""Optional values: `a.?b`, `a[?b]`, `optional.of(x)`, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steersman.cel import macros
from steersman.cel.declarations import Library, Overload
from steersman.cel.values import NONE, Duration, OptionalValue


def _of(value: Any) -> OptionalValue:
    return OptionalValue(present=True, content=value)


def _of_non_zero(value: Any) -> OptionalValue:
    is_zero = (
        value is None
        or (isinstance(value, bool | int | float | str | bytes | list | tuple | Mapping) and not value)
        or value == Duration(0)
        or (type(value) is OptionalValue and not value.present)
    )
    return NONE if is_zero else _of(value)


def _unwrap(values: list[OptionalValue]) -> list[Any]:
    return [value.content for value in values if value.present]


def _first(values: list[Any]) -> OptionalValue:
    return _of(values[0]) if values else NONE


def _last(values: list[Any]) -> OptionalValue:
    return _of(values[-1]) if values else NONE


OPTIONAL = Library(
    "optional",
    {
        "optional.of": (Overload("optional_of", "(<V>) -> optional_type(<V>)", _of),),
        "optional.ofNonZeroValue": (Overload("optional_ofNonZeroValue", "(<V>) -> optional_type(<V>)", _of_non_zero),),
        "optional.none": (Overload("optional_none", "() -> optional_type(<V>)", lambda: NONE),),
        "value": (Overload("optional_value", "optional_type(<V>).() -> <V>", OptionalValue.get),),
        "hasValue": (Overload("optional_hasValue", "optional_type(<V>).() -> bool", lambda value: value.present),),
        "or": (Overload("optional_or_optional", "optional_type(<V>).(optional_type(<V>)) -> optional_type(<V>)", _of),),
        "orValue": (Overload("optional_orValue_value", "optional_type(<V>).(<V>) -> <V>", _of),),
        "_[?_]": (
            Overload("list_optindex_optional_int", "(list(<V>), int) -> optional_type(<V>)", _of),
            Overload(
                "optional_list_optindex_optional_int", "(optional_type(list(<V>)), int) -> optional_type(<V>)", _of
            ),
            Overload("map_optindex_optional_value", "(map(<K>, <V>), <K>) -> optional_type(<V>)", _of),
            Overload(
                "optional_map_optindex_optional_value", "(optional_type(map(<K>, <V>)), <K>) -> optional_type(<V>)", _of
            ),
        ),
        "optional.unwrap": (Overload("optional_unwrap", "(list(optional_type(<V>))) -> list(<V>)", _unwrap),),
        "unwrapOpt": (Overload("optional_unwrapOpt", "list(optional_type(<V>)).() -> list(<V>)", _unwrap),),
        "first": (Overload("list_first", "list(<V>).() -> optional_type(<V>)", _first),),
        "last": (Overload("list_last", "list(<V>).() -> optional_type(<V>)", _last),),
    },
    macros.OPTIONAL,
)
