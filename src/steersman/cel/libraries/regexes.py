"""Regular expressions: `s.find(pattern)` and `s.findAll(pattern, limit)`."""

from __future__ import annotations

from steersman.cel.declarations import Library, Overload
from steersman.cel.regex import find_all


def _find(text: str, pattern: str) -> str:
    return next(iter(find_all(text, pattern, 1)), "")


REGEXES = Library(
    "regexes",
    {
        "find": (Overload("string_find_string", "string.(string) -> string", _find),),
        "findAll": (
            Overload("string_find_all_string", "string.(string) -> list(string)", find_all),
            Overload("string_find_all_string_int", "string.(string, int) -> list(string)", find_all),
        ),
    },
)
