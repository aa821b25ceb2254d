"""Strings: positions, parts, replacing, joining, quoting and formatting. Positions count code points.

`format` lies in `cel.formatting`.
"""

from __future__ import annotations

from steersman.cel.declarations import Library, Overload
from steersman.cel.errors import EvaluationError
from steersman.cel.formatting import format_string
from steersman.cel.numbers import quote

_SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in _LOWER}


def _out_of_range(position: int) -> EvaluationError:
    return EvaluationError(f"index out of range: {position}")


def _char_at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise _out_of_range(position)
    return text[position : position + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if start < 0:
        raise _out_of_range(start)
    if not part:
        return min(start, len(text))
    return text.find(part, start)


def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if start < 0:
        raise _out_of_range(start)
    if not part:
        return min(start, len(text))
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    return text.replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if separator:
        return text.split(separator, limit - 1 if limit > 0 else -1)
    if limit < 0 or limit >= len(text):
        return list(text)
    return [*text[: limit - 1], text[limit - 1 :]]


def _substring(text: str, start: int, end: int | None = None) -> str:
    if end is not None and start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for position in (start, end):
        if position is not None and not 0 <= position <= len(text):
            raise _out_of_range(position)
    return text[start:end]


def _join(parts: list[str], separator: str = "") -> str:
    return separator.join(parts)


STRINGS = Library(
    "strings",
    {
        "charAt": (Overload("string_char_at_int", "string.(int) -> string", _char_at),),
        "indexOf": (
            Overload("string_index_of_string", "string.(string) -> int", _index_of),
            Overload("string_index_of_string_int", "string.(string, int) -> int", _index_of),
        ),
        "lastIndexOf": (
            Overload("string_last_index_of_string", "string.(string) -> int", _last_index_of),
            Overload("string_last_index_of_string_int", "string.(string, int) -> int", _last_index_of),
        ),
        "lowerAscii": (Overload("string_lower_ascii", "string.() -> string", lambda text: text.translate(_LOWER)),),
        "upperAscii": (Overload("string_upper_ascii", "string.() -> string", lambda text: text.translate(_UPPER)),),
        "replace": (
            Overload("string_replace_string_string", "string.(string, string) -> string", _replace),
            Overload("string_replace_string_string_int", "string.(string, string, int) -> string", _replace),
        ),
        "split": (
            Overload("string_split_string", "string.(string) -> list(string)", _split),
            Overload("string_split_string_int", "string.(string, int) -> list(string)", _split),
        ),
        "substring": (
            Overload("string_substring_int", "string.(int) -> string", _substring),
            Overload("string_substring_int_int", "string.(int, int) -> string", _substring),
        ),
        "trim": (Overload("string_trim", "string.() -> string", lambda text: text.strip(_SPACES)),),
        "join": (
            Overload("list_join", "list(string).() -> string", _join),
            Overload("list_join_string", "list(string).(string) -> string", _join),
        ),
        "strings.quote": (Overload("strings_quote", "(string) -> string", quote),),
        "format": (Overload("string_format", "string.(list(dyn)) -> string", format_string),),
    },
)
